package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newBanCommand() *cobra.Command {
	var flags adminFlags
	var req admin.BanRequest
	cmd := &cobra.Command{
		Use:   "ban ADDRESS|PREFIX",
		Short: "Keep an address, a prefix or a session's addresses out",
		Long: `Keep an address out and end its sessions, their chats and their relays.

An IPv4 address stands for itself, an IPv6 address for its /64 (write /128 to
mean a single one). Single addresses and /64s are stored as keyed hashes, so
lists do not show them; --keep-address stores what was typed beside the hash.
A ban on the same target replaces the one before.

Without --for and --permanent a ban lasts 24h, unless the daemon's
bans.default_for says otherwise.`,
		Example: `  joingyd ban 203.0.113.7 --for 7d --reason "spam"
  joingyd ban 2001:db8::1 --permanent --note "ticket 17"
  joingyd ban 203.0.113.0/24 --dry-run
  joingyd ban --session ngdgw7kcjvbq4p2i5wd3kgu2ra`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				req.Target = args[0]
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			flags.canOffline = req.Session == "" // sessions live in the daemon
			flags.makesStore = !req.DryRun
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.BanResult, error) {
				return c.Ban(ctx, req)
			}, func(w io.Writer, result admin.BanResult) error {
				return printBan(w, req, result, !flags.offline)
			})
		},
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.Flags().StringVar(&req.For, "for", "", "how long, such as 90m, 24h or 7d")
	cmd.Flags().BoolVar(&req.Permanent, "permanent", false, "until somebody ends it")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "shown to the visitor, at most 200 characters")
	cmd.Flags().StringVar(&req.Note, "note", "", "for admins only, at most 1000 characters")
	cmd.Flags().BoolVar(&req.KeepAddress, "keep-address", false, "store the address as typed, so that lists show it")
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "change nothing, say what would happen")
	cmd.Flags().BoolVar(&req.Force, "force", false, "allow a ban that looks like a mistake")
	cmd.Flags().StringVar(&req.Session, "session", "", "ban every address that this live session used")
	completeFlag(cmd, "session", completeSessions(&flags))
	return cmd
}

func printBan(w io.Writer, req admin.BanRequest, result admin.BanResult, live bool) error {
	p := &printer{w: w}
	verb, ended := "banned", "ended"
	if result.DryRun {
		verb, ended = "would ban", "would end"
	}
	now := time.Now()
	for _, b := range append([]ban.Ban{result.Ban}, result.Also...) {
		p.printf("%s %s%s; ends: %s\n", verb, targetText(req.Target, b), idText(b), endText(b, now))
	}
	if req.For == "" && !req.Permanent {
		p.printf("no time was given, so this is the default; --for and --permanent change it\n")
	}
	if live {
		p.printf("%s %s\n", ended, count(result.EndedSessions, "live session"))
	}
	return p.err
}

// targetText says what a ban is on. The admin who typed an address sees what was
// made of it; who named a session or an id does not see addresses.
func targetText(typed string, b ban.Ban) string {
	if target, err := ban.ParseTarget(typed); err == nil {
		return target.String()
	}
	return describe(b)
}

func idText(b ban.Ban) string {
	if b.ID == 0 {
		return "" // a dry run
	}
	return " (id " + b.ID.String() + ")"
}
