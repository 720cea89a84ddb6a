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
		Short: "Keep an address, a prefix or a visitor's addresses out",
		Long: `Keep an address out and end its sessions, their chats and their relays. With
--session or --report in its place nobody needs to know the address: the ban is
on every address that the visitor used.

An IPv4 address stands for itself, an IPv6 address for its /64 (write /128 to
mean a single one). Single addresses and /64s are stored as keyed hashes, so
lists do not show them; --keep-address stores what was typed beside the hash.
A ban of the same scope on the same target replaces the one before.

Without a time a ban lasts 24h, unless the daemon's bans.default_for says
otherwise. --escalate takes the next of bans.steps (1h, 24h, 720h): the first ban
of an address takes the first, and so on; bans that somebody ended do not count.
--shared is for addresses behind which many live, such as a carrier's NAT or a
school: bans.shared_for (1h) at most, and never widened to what is around.

When enough IPv6 /64s of one /56 are banned (bans.widen_after), all of it is for
a time, and so on to the /48. The allowlist (joingyd bans allow) wins over bans.

Bans that look like a mistake need --force: of this machine's own address, of the
one that you are connected from by SSH, and of more than a /16 (IPv6: /32).`,
		Example: `  joingyd ban 203.0.113.7 --for 7d --reason "spam"
  joingyd ban 203.0.113.7 --escalate --scope video
  joingyd ban 2001:db8::1 --permanent --note "ticket 17"
  joingyd ban 203.0.113.0/24 --dry-run
  joingyd ban 100.64.3.9 --shared --reason "nudity"
  joingyd ban --session ngdgw7kcjvbq4p2i5wd3kgu2ra
  joingyd ban --report k3jq7xwe --escalate`,
		Args: cobra.MaximumNArgs(1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				req.Target = args[0]
			}
			req.Own = ownAddresses()
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			flags.canOffline = req.Target != "" // sessions and reports live in the daemon
			flags.makesStore = !req.DryRun
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.BanResult, error) {
				return c.Ban(ctx, req)
			}, func(w io.Writer, result admin.BanResult) error {
				return printBan(w, req, result, !flags.offline, time.Now())
			})
		},
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.Flags().StringVar(&req.Session, "session", "", "ban every address that this live session used")
	cmd.Flags().StringVar(&req.Report, "report", "", "ban every address of the visitor whom this report is about")
	cmd.Flags().StringVar((*string)(&req.Scope), "scope", string(ban.ScopeAll), "what to keep out of: all, video (texts stay) or relay (what needs no relay stays)")
	cmd.Flags().StringVar(&req.For, "for", "", "how long, such as 90m, 24h or 7d")
	cmd.Flags().BoolVar(&req.Permanent, "permanent", false, "until somebody ends it")
	cmd.Flags().BoolVar(&req.Escalate, "escalate", false, "longer than the last time")
	cmd.Flags().BoolVar(&req.Shared, "shared", false, "many share the address: short, and never widened")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "shown to the visitor, at most 200 characters")
	cmd.Flags().StringVar(&req.Note, "note", "", "for admins only, at most 1000 characters")
	cmd.Flags().BoolVar(&req.KeepAddress, "keep-address", false, "store the address as typed, so that lists show it")
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "change nothing, say what would happen")
	cmd.Flags().BoolVar(&req.Force, "force", false, "allow a ban that looks like a mistake")
	completeFlag(cmd, "session", completeSessions(&flags))
	completeFlag(cmd, "report", completeReports(&flags))
	completeWords(cmd, "scope", ban.Scopes())
	return cmd
}

func printBan(w io.Writer, req admin.BanRequest, result admin.BanResult, live bool, now time.Time) error {
	p := &printer{w: w}
	verb, also, ended, cut := "banned", "also banned", "ended", "cut off"
	if result.DryRun {
		verb, also, ended, cut = "would ban", "would also ban", "would end", "would cut off"
	}
	if result.Kept {
		b := result.Ban
		p.printf("%s is banned%s for as long or longer already%s; ends: %s\n--for and --permanent replace that ban\n",
			targetText(req.Target, b), fromText(b.Scope), idText(b), endText(b, now))
		return p.err
	}
	for _, b := range append([]ban.Ban{result.Ban}, result.Also...) {
		p.printf("%s %s%s%s; ends: %s\n", verb, targetText(req.Target, b), fromText(b.Scope), idText(b), endText(b, now))
	}
	switch o := result.Offence; {
	case o != nil && result.Ban.Shared:
		p.printf("offence %d: step %d of %d (bans.steps), but no longer than bans.shared_for\n", o.Number, o.Step, o.Steps)
	case o != nil:
		p.printf("offence %d: step %d of %d (bans.steps)\n", o.Number, o.Step, o.Steps)
	case req.For == "" && !req.Permanent && !req.Shared:
		p.printf("no time was given, so this is the default; --for, --permanent and --escalate change it\n")
	}
	for _, b := range result.Widened {
		p.printf("%s %s%s%s, as enough of its /%ds are banned (bans.widen_after); ends: %s\n",
			also, b.Prefix, fromText(b.Scope), idText(b), b.Prefix.Bits()+8, endText(b, now))
	}
	switch use, narrow := useText[result.Ban.Scope]; {
	case live && narrow:
		p.printf("%s %s from %s\n", cut, count(result.LimitedSessions, "live session"), use)
	case live:
		p.printf("%s %s\n", ended, count(result.EndedSessions, "live session"))
	}
	if len(result.KnownShared) > 0 {
		p.printf("warning: many people share %s (bans.shared), and this is on all of them; --shared makes it short\n", several(result.KnownShared))
	}
	if len(result.Allowed) > 0 {
		p.printf("warning: the allowlist wins, and lets %s in all the same; joingyd bans disallow ends that\n", several(result.Allowed))
	}
	return p.err
}

// targetText says what a ban is on. The admin who typed an address sees what was
// made of it; who named a session, a report or an id does not see addresses.
func targetText(typed string, b ban.Ban) string {
	if target, err := ban.ParseTarget(typed); err == nil {
		return target.String()
	}
	return describe(b)
}

// useText is what a ban of a scope keeps somebody out of.
var useText = map[ban.Scope]string{ban.ScopeVideo: "video chats", ban.ScopeRelay: "the relay"}

// fromText says what a ban keeps out of, if not of everything.
func fromText(scope ban.Scope) string {
	if use, narrow := useText[scope]; narrow {
		return " from " + use
	}
	return ""
}

func idText(b ban.Ban) string {
	if b.ID == 0 {
		return "" // a dry run
	}
	return " (id " + b.ID.String() + ")"
}
