package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newBansAllowCommand(flags *adminFlags) *cobra.Command {
	var req admin.AllowRequest
	cmd := &cobra.Command{
		Use:   "allow ADDRESS|PREFIX",
		Short: "Let an address or prefix in, whatever bans are on it",
		Long: `Put an address or prefix on the allowlist, which wins over every ban, also over
those that are made later. The bans stay. An IPv6 address stands for its /64;
write /128 to mean a single one. The allowlist is stored in clear.`,
		Example: "  joingyd bans allow 203.0.113.7 --note \"the office\"\n  joingyd bans allow 2001:db8::/48",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Target = args[0]
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			flags.makesStore = true
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.AllowResult, error) {
				return c.Allow(ctx, req)
			}, func(w io.Writer, result admin.AllowResult) error {
				return printAllow(w, result, time.Now())
			})
		},
	}
	cmd.Flags().StringVar(&req.Note, "note", "", "for admins only, at most 1000 characters")
	cmd.Flags().BoolVar(&req.Force, "force", false, "allow more than a /16 (IPv6: /32)")
	return cmd
}

func newBansDisallowCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "disallow ADDRESS|PREFIX",
		Short: "Take an address or prefix off the allowlist",
		Long: `Take exactly this address or prefix off the allowlist. Bans that are on it are in
force again, and its sessions end.`,
		Example: "  joingyd bans disallow 203.0.113.7",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeAllowed(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req := admin.DisallowRequest{Target: args[0]}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.AllowResult, error) {
				return c.Disallow(ctx, req)
			}, func(w io.Writer, result admin.AllowResult) error {
				return printDisallow(w, result, !flags.offline, time.Now())
			})
		},
	}
}

func newBansAllowedCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "allowed",
		Short:   "List the allowlist, which wins over bans",
		Example: "  joingyd bans allowed\n  joingyd bans allowed -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.Allowlist, error) {
				return c.Allowed(ctx)
			}, func(w io.Writer, list admin.Allowlist) error {
				return printAllowed(w, list, time.Now())
			})
		},
	}
}

func printAllow(w io.Writer, result admin.AllowResult, now time.Time) error {
	p := &printer{w: w}
	p.printf("allowed %s\n", result.Allowed.Prefix)
	p.printRules("void there", result.Bans, now)
	return p.err
}

func printDisallow(w io.Writer, result admin.AllowResult, live bool, now time.Time) error {
	p := &printer{w: w}
	p.printf("allowed no more: %s\n", result.Allowed.Prefix)
	p.printRules("in force again", result.Bans, now)
	if live {
		p.printf("ended %s\n", count(result.EndedSessions, "live session"))
	}
	return p.err
}

// printRules says what has become of bans.
func (p *printer) printRules(what string, matches []admin.Match, now time.Time) {
	for _, m := range matches {
		p.printf("%s: the ban%s on %s%s; ends: %s\n", what, fromText(m.Ban.Scope), m.Rule, idText(m.Ban), endText(m.Ban, now))
	}
}

func printAllowed(w io.Writer, list admin.Allowlist, now time.Time) error {
	if len(list.Allowed) == 0 {
		_, err := fmt.Fprintln(w, "nothing is allowed in spite of bans")
		return err
	}
	return printTable(w, func(p *printer) {
		p.printf("ALLOWED\tMADE\tBY\tNOTE\n")
		for _, a := range list.Allowed {
			p.printf("%s\t%s ago\t%s\t%s\n", a.Prefix, about(now.Sub(a.Created)), a.By, a.Note)
		}
	})
}
