package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate"
)

func newReportsCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "reports",
		Short: "Judge what visitors report, and appeals against bans",
		Long: `Look at what visitors report, and decide what becomes of it. All reports of one
session make one case, and each appeal against a ban (by /appeal) is one. Cases
wait for a person, the gravest first and of those the oldest: urgent (somebody under 18
may be concerned), grave (nudity, violence, or what several report), slight.`,
		Example: `  joingyd reports list
  joingyd reports show k7m2x4q6
  joingyd reports decide k7m2x4q6 ban --reason "nudity"
  joingyd reports decide a4n7x2qm lift --reason "It was a neighbour."`,
	}
	flags.add(cmd)
	cmd.AddCommand(newReportsListCommand(&flags), newReportsShowCommand(&flags), newReportsDecideCommand(&flags), newReportsHoldCommand(&flags), newReportsReleaseCommand(&flags), newReportsGuardianCommand(&flags), newReportsLoginCommand(&flags), newReportsNCMECCommand(&flags), newReportsStatsCommand(&flags))
	return cmd
}

func newReportsListCommand(flags *adminFlags) *cobra.Command {
	which := caseFilter{limit: 50}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the cases that wait for a person",
		Long: `List the cases that wait for a person, the gravest first and of those the oldest.

Where there are several nodes (docs/scaling.md) the list has the cases of all, or of one
with --node. A case stays on the node where it was made, with its evidence; the other
commands find it there.

--held lists those that are held instead, waiting or ended, the hold that ends first at
the front. --address and --session list those that are about an address (IPv6: its /64)
or a session, waiting or ended, as long as they are kept; that somebody looked is written
into the audit log, the address is not.`,
		Example: `  joingyd reports list
  joingyd reports list --held
  joingyd reports list --address 203.0.113.7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := which.validate(cmd); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, which.ask, func(w io.Writer, list admin.CaseList) error {
				return printCases(w, list, which.none(), time.Now())
			})
		},
	}
	cmd.Flags().IntVar(&which.limit, "limit", which.limit, "list at most so many; 0 lists all")
	cmd.Flags().BoolVar(&which.held, "held", false, "list the cases that are held")
	cmd.Flags().StringVar(&which.about.Address, "address", "", "list the cases about this address")
	cmd.Flags().StringVar(&which.about.Session, "session", "", "list the cases about this session, live or ended")
	completeFlag(cmd, "session", completeSessions(flags))
	return cmd
}

// caseFilter says which cases to list.
type caseFilter struct {
	limit int
	held  bool
	about admin.AboutRequest
}

func (f *caseFilter) searches() bool { return f.about.Address != "" || f.about.Session != "" }

func (f *caseFilter) validate(cmd *cobra.Command) error {
	switch {
	case f.held && f.searches():
		return usageError{errors.New("--held lists what is held; leave out --address and --session, which list all about one visitor")}
	case f.searches() && cmd.Flags().Changed("limit"):
		return usageError{errors.New("--address and --session list all that there is; leave out --limit")}
	case f.searches():
		return f.about.Validate()
	}
	return admin.ValidateLimit(f.limit)
}

func (f *caseFilter) ask(ctx context.Context, c control) (admin.CaseList, error) {
	switch {
	case f.searches():
		return c.CasesAbout(ctx, f.about)
	case f.held:
		return c.HeldCases(ctx, f.limit)
	}
	return c.Cases(ctx, f.limit)
}

// none is what to print where there is no such case.
func (f *caseFilter) none() string {
	switch {
	case f.searches():
		return "no case is kept about them"
	case f.held:
		return "no case is held"
	}
	return "no case waits"
}

func printCases(w io.Writer, list admin.CaseList, none string, now time.Time) error {
	if len(list.Cases) == 0 {
		return printMissing(w, none, list.Missing)
	}
	several := list.Cases[0].Node != ""
	err := printTable(w, func(p *printer) {
		p.printf("%sCASE\tKIND\tGRAVITY\tOPENED\tREASONS\tREPORTERS\tSCORE\tSESSION\tSTATE\n", nodeCell("NODE", several))
		for _, k := range list.Cases {
			p.printf("%s%s\t%s\t%s\t%s ago\t%s\t%d\t%.1f\t%s\t%s\n", nodeCell(k.Node, several), k.ID, k.Kind, k.Gravity, about(now.Sub(k.Opened)), reasonsText(k), reporters(k), k.Score,
				sessionOf(k), stateText(k, now))
		}
	})
	if err != nil {
		return err
	}
	text := count(list.Total, "case")
	if shown := len(list.Cases); shown < list.Total {
		text = thousands(shown) + " of " + text
	}
	return printMissing(w, text, list.Missing)
}

// sessionOf names the session that a case is about; an appeal is about none.
func sessionOf(k admin.Case) string {
	if k.Kind == moderate.KindAppeal {
		return "-"
	}
	return cmp.Or(k.Session, endedText(k))
}

// endedText says that a case's node does not have its session.
func endedText(k admin.Case) string {
	if k.Node != "" {
		return "ended or elsewhere" // the next partner may be at another node
	}
	return "ended"
}

// reasonsText counts the reasons of a case: spam ×3, nudity; of an appeal, those of the
// bans.
func reasonsText(k admin.Case) string {
	counts := make(map[string]int)
	if k.Appeal != nil {
		for _, b := range k.Appeal.Bans {
			counts["banned: "+cmp.Or(b.Reason, "no reason")]++
		}
	}
	for _, r := range k.Reports {
		counts[r.Reason]++
	}
	for _, f := range k.Flags {
		counts["still: "+f.Label]++
	}
	var texts []string
	for _, reason := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	}) {
		if n := counts[reason]; n > 1 {
			reason = fmt.Sprintf("%s ×%d", reason, n)
		}
		texts = append(texts, reason)
	}
	return strings.Join(texts, ", ")
}

// reporters counts the distinct ones of a case.
func reporters(k admin.Case) (n int) {
	for _, r := range k.Reports {
		n = max(n, r.Reporter)
	}
	return n
}

// stateText says how far a case has come, and until when it is held: open, with ann, to
// confirm, ban by ann, held until 2027-11-30.
func stateText(k admin.Case, now time.Time) string {
	state := progressText(k, now)
	if k.Hold != nil {
		state += ", held until " + k.Hold.Until.UTC().Format(time.DateOnly)
	}
	return state
}

func progressText(k admin.Case, now time.Time) string {
	switch {
	case k.State == moderate.StatePending:
		return "to confirm: " + string(k.Decision.Do) + " by " + k.Decision.By
	case k.State == moderate.StateDecided:
		return string(k.Decision.Do) + " by " + k.Decision.By
	case k.Claim != nil && now.Before(k.Claim.Until):
		return "with " + k.Claim.By
	}
	return string(k.State)
}

func newReportsShowCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show CASE|REPORT",
		Short:   "Show one case with its reports",
		Example: "  joingyd reports show k7m2x4q6",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeCases(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.Case, error) {
				return c.Case(ctx, args[0])
			}, func(w io.Writer, k admin.Case) error {
				return printCase(w, k, time.Now())
			})
		},
	}
}

func printCase(w io.Writer, k admin.Case, now time.Time) error {
	err := printTable(w, func(p *printer) {
		p.printf("case\t%s (%s)\n", k.ID, k.Kind)
		if k.Node != "" {
			p.printf("node\t%s\n", harmless(k.Node))
		}
		p.printf("gravity\t%s (score %.1f)\n", k.Gravity, k.Score)
		p.printf("opened\t%s (%s ago)\n", timeText(k.Opened), about(now.Sub(k.Opened)))
		if k.Kind != moderate.KindAppeal {
			p.printf("session\t%s\n", cmp.Or(k.Session, endedText(k)))
		}
		p.printf("state\t%s\n", progressText(k, now))
		if d := k.Decision; d != nil {
			p.printf("decision\t%s by %s, %s: %s\n", d.Do, d.By, timeText(d.At), d.Reason)
			if d.Confirmed != "" {
				p.printf("confirmed\tby %s\n", d.Confirmed)
			}
		}
		if h := k.Hold; h != nil {
			p.printf("held\tuntil %s by %s, %s: %s\n", timeText(h.Until), h.By, timeText(h.At), h.Reason)
		}
		if len(k.Evidence) > 0 {
			p.printf("evidence\t%s\n", strings.Join(k.Evidence, ", "))
		}
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	err = printTable(w, func(p *printer) {
		if k.Appeal != nil {
			printAppealed(p, k.Appeal.Bans, now)
		}
		if len(k.Reports) == 0 {
			return
		}
		p.printf("REPORT\tMADE\tREASON\tREPORTER\tWEIGHT\tLINES\tNOTE\n")
		for _, r := range k.Reports {
			note := "no"
			if r.Note {
				note = "yes"
			}
			p.printf("%s\t%s ago\t%s\t%d\t%.2f\t%d\t%s\n", r.ID, about(now.Sub(r.At)), r.Reason, r.Reporter, r.Weight, r.Lines, note)
		}
	})
	if err == nil && k.More > 0 {
		_, err = fmt.Fprintf(w, "and %s more\n", count(k.More, "report"))
	}
	if err != nil || len(k.Flags) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return printTable(w, func(p *printer) {
		p.printf("STILL\tSEEN\tSCORE\tBY\tVIEWER\tOWN STILL\tDONE\n")
		for _, f := range k.Flags {
			by := "server"
			if f.Claimed {
				by = "browser"
			}
			p.printf("%s ago\t%s\t%.2f\t%s\t%d\t%s\t%s\n", about(now.Sub(f.At)), f.Label, f.Score, by, f.Viewer, f.Support, cmp.Or(strings.Join(f.Did, ", "), "nothing"))
		}
	})
}

func printAppealed(p *printer, bans []moderate.AppealedBan, now time.Time) {
	p.printf("BAN\tON\tSCOPE\tUNTIL\tBY\tCASE\tREASON\n")
	for _, b := range bans {
		until := "for good"
		if !b.Until.IsZero() {
			until = timeText(b.Until)
			if !b.Until.After(now) {
				until += " (over)"
			}
		}
		p.printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, cmp.Or(b.Prefix, "hidden"), b.Scope, until, b.By, cmp.Or(b.Report, "-"), cmp.Or(b.Reason, "-"))
	}
}

func newReportsDecideCommand(flags *adminFlags) *cobra.Command {
	var req admin.DecideRequest
	cmd := &cobra.Command{
		Use:   "decide CASE dismiss|warn|end|ban|permanent|uphold|lift --reason TEXT",
		Short: "Decide a case, and carry it out",
		Long: `Decide a case, and carry it out at once:

  dismiss    the reports were wrong; their reporters count for less from now on
  warn       the visitor is told why, if still there
  end        the visitor's session ends; they may come back
  ban        every address of that session is banned, for the next of bans.steps or --for
  permanent  the same, for good; with moderation.two_people somebody else must say so too

and of an appeal:

  uphold     the bans stay; with moderation.two_people not by who made them
  lift       the bans end that the appeal is against, and those of the same case on
             other addresses; a ban on a whole network only with --force

The reason is shown to the visitor whom it is about, but for dismiss, and to who has a
receipt of the case.
What was kept as evidence is deleted when a case is decided, unless it is held: joingyd
reports hold does that, and by itself a case in which somebody under 18 may be concerned
is, for moderation.hold, unless it was dismissed.`,
		Example: `  joingyd reports decide k7m2x4q6 ban --reason "nudity"
  joingyd reports decide k7m2x4q6 ban --for 7d --reason "threats"
  joingyd reports decide k7m2x4q6 dismiss --reason "nothing to see"
  joingyd reports decide a4n7x2qm lift --reason "It was a neighbour."`,
		Args: cobra.ExactArgs(2),

		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return completeActions(flags, args[0])(cmd, args, typed)
			}
			return completeFirst(completeCases(flags))(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Case, req.Do = args[0], moderate.Action(args[1])
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.DecideResult, error) {
				return c.Decide(ctx, req)
			}, printDecided)
		},
	}
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in a few words; a ban shows it to the visitor, a receipt to the appellant")
	cmd.Flags().StringVar(&req.For, "for", "", "how long a ban lasts, such as 24h or 7d (default: the next of bans.steps)")
	cmd.Flags().BoolVar(&req.Force, "force", false, "ban although it looks like a mistake, such as this machine's own address; lift a ban on a whole network")
	cmd.Flags().BoolVar(&req.Shared, "shared", false, "many people share the address: ban it for a short time")
	return cmd
}

func printDecided(w io.Writer, result admin.DecideResult) error {
	k := result.Case
	p := &printer{w: w}
	p.printf("case %s: %s\n", k.ID, k.Decision.Do)
	if k.State == moderate.StatePending {
		p.printf("somebody else must confirm it: joingyd reports decide %s permanent\n", k.ID)
	}
	if result.Ban != nil {
		p.printf("banned %s (id %s) until %s, and ended %s\n", describe(result.Ban.Ban), result.Ban.Ban.ID, endText(result.Ban.Ban, time.Now()), count(result.Ban.EndedSessions, "session"))
	}
	for _, b := range result.Lifted {
		p.printf("unbanned %s (id %s)\n", describe(b), b.ID)
	}
	if result.Warning != "" {
		p.printf("warning: %s\n", result.Warning)
	}
	switch {
	case k.Decision.Do == moderate.Lift && len(result.Lifted) == 0:
		p.printf("the bans had ended by themselves, or others are in their place\n")
	case k.Decision.Do == moderate.Warn && !result.Warned:
		p.printf("the visitor has left and was not warned\n")
	case k.Decision.Do == moderate.End && !result.Ended:
		p.printf("the session had ended by itself\n")
	}
	if k.Hold != nil {
		p.printf("its evidence is held until %s\n", timeText(k.Hold.Until))
	}
	return p.err
}

func newReportsStatsCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "stats",
		Short:   "Count cases, reports and decisions",
		Example: "  joingyd reports stats",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.CaseStats, error) {
				return c.CaseStats(ctx)
			}, printCaseStats)
		},
	}
}

func printCaseStats(w io.Writer, stats admin.CaseStats) error {
	return printTable(w, func(p *printer) {
		p.printf("waiting\t%d urgent, %d grave, %d slight\n", stats.Waiting["urgent"], stats.Waiting["grave"], stats.Waiting["slight"])
		if stats.Oldest > 0 {
			p.printf("oldest\t%s\n", about(time.Duration(stats.Oldest)*time.Second))
		}
		p.printf("dropped\t%s since the start\n", count(int(stats.Dropped), "report"))
		for _, m := range stats.Months {
			p.printf("%s\treports: %s; stills: %s; decided: %s; expired: %d; appeals: %s\n", m.Month, countsText(m.Reports), countsText(m.Flags), countsText(m.Decisions), m.Expired, countsText(m.Appeals))
		}
	})
}

// countsText lists what there is how often, the most first.
func countsText(counts map[string]int) string {
	var texts []string
	for _, name := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	}) {
		texts = append(texts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return cmp.Or(strings.Join(texts, ", "), "none")
}
