package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newBansCheckCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "check ADDRESS",
		Short: "Tell whether an address is banned, and by which bans",
		Long: `Tell whether an address is banned, by every ban that is on it, and whether the
allowlist lets it in all the same. The bans of the widest scope come first, of
those the one that lasts longest: it is the one that the visitor is told of. The
exit status is 0 whether or not the address is banned.`,
		Example: "  joingyd bans check 203.0.113.7\n  joingyd bans check 2001:db8::1 -o json",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			req := admin.CheckRequest{Address: args[0]}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.CheckResult, error) {
				return c.Check(ctx, req)
			}, func(w io.Writer, result admin.CheckResult) error {
				return printCheck(w, req.Address, result, time.Now())
			})
		},
	}
}

func printCheck(w io.Writer, address string, result admin.CheckResult, now time.Time) error {
	p := &printer{w: w}
	would := "is"
	switch {
	case result.Allowed != nil && len(result.Bans) > 0:
		p.printf("%s is not banned: the allowlist wins, with %s\n", address, result.Allowed)
		would = "would be"
	case result.Allowed != nil:
		p.printf("%s is not banned, and is on the allowlist, with %s\n", address, result.Allowed)
	case len(result.Bans) == 0:
		p.printf("%s is not banned\n", address)
	}
	for i, match := range result.Bans {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("%s %s banned%s by the ban on %s\n", address, would, fromText(match.Ban.Scope), match.Rule)
		if p.err == nil {
			p.err = printMatch(w, match, now)
		}
	}
	return p.err
}

func printMatch(w io.Writer, match admin.Match, now time.Time) error {
	b := match.Ban
	return printTable(w, func(p *printer) {
		p.printf("id\t%s\nscope\t%s\nends\t%s\nreason\t%s\nnote\t%s\nby\t%s\ncreated\t%s\n",
			b.ID, b.Scope, endText(b, now), b.Reason, b.Note, b.By, timeText(b.Created))
		if b.Report != "" {
			p.printf("report\t%s\n", b.Report)
		}
		if b.Shared {
			p.printf("shared\tyes\n")
		}
	})
}
