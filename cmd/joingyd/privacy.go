package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/privacy"
)

func newPrivacyCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "See what is held of visitors, and answer who asks about their data",
		Long: `See what is held of visitors and for how long, tell somebody what is held of them,
delete it, and answer what visitors ask on /data, in time.`,
		Example: `  joingyd privacy report
  joingyd privacy access --address 203.0.113.7 --identity operator.key
  joingyd privacy erase --address 203.0.113.7
  joingyd privacy requests list`,
	}
	flags.add(cmd)
	cmd.AddCommand(newPrivacyReportCommand(&flags), newPrivacyAccessCommand(&flags), newPrivacyEraseCommand(&flags), newPrivacyRequestsCommand(&flags))
	return cmd
}

func newPrivacyReportCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "Count what is held now",
		Long: `Count what is held now, store by store: how many, the oldest and the newest, how many
bytes (of a file, which several stores may share), how many are on hold, and how long the
sweeper keeps what is not. It is the sweeper's own table.`,
		Example: "  joingyd privacy report\n  joingyd privacy report -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.PrivacyReport, error) { return c.Held(ctx) }, printPrivacyReport)
		},
	}
}

func printPrivacyReport(w io.Writer, report admin.PrivacyReport) error {
	err := printTable(w, func(p *printer) {
		p.printf("STORE\tCOUNT\tHELD\tOLDEST\tNEWEST\tBYTES\tWHERE\tKEPT\n")
		for _, s := range report.Stores {
			p.printf("%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", s.Store, thousands(s.Count), s.Held, dateText(s.Oldest), dateText(s.Newest), thousands(int(s.Bytes)), s.Where, s.Kept)
		}
	})
	if err != nil {
		return err
	}
	swept := "not yet"
	if !report.Swept.IsZero() {
		swept = timeText(report.Swept)
	}
	if len(report.Failed) > 0 {
		swept += ", and failed in " + strings.Join(report.Failed, ", ") + ": see the daemon's log"
	}
	_, err = fmt.Fprintf(w, "requests: %s\nswept: %s\n", statesText(report.Requests), swept)
	return err
}

// dateText is a day, or a dash.
func dateText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

// statesText lists how many requests are in which state.
func statesText(counts map[string]int) string {
	var texts []string
	for _, state := range privacy.States() {
		if n := counts[state]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return cmp.Or(strings.Join(texts, ", "), "none")
}

func newPrivacyEraseCommand(flags *adminFlags) *cobra.Command {
	var req admin.EraseRequest
	cmd := &cobra.Command{
		Use:   "erase --address ADDRESS|--session SESSION|--request REQUEST",
		Short: "Delete what may be deleted of somebody",
		Long: `Delete what may be deleted of an address (IPv6: its /64), of a session, or of whom a
request of /data is about, and say what stays and why: bans and that there were some, cases
that wait for a person or led to a ban in force, and what is on hold. What lives in memory
goes by itself. --dry-run only says what would happen.

It is on disk as begun before anything is deleted, and in the audit log under the number that
is printed, without the address: if the daemon dies meanwhile, the next start completes it.`,
		Example: `  joingyd privacy erase --address 203.0.113.7 --dry-run
  joingyd privacy erase --address 203.0.113.7
  joingyd privacy erase --request k7m2x4q6`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := (admin.SubjectRequest{Address: req.Address, Session: req.Session, Request: req.Request}).Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.Erasure, error) { return c.Erase(ctx, req) }, printErasure)
		},
	}
	cmd.Flags().StringVar(&req.Address, "address", "", "of this address")
	cmd.Flags().StringVar(&req.Session, "session", "", "of this session, live or ended")
	cmd.Flags().StringVar(&req.Request, "request", "", "of whom this request is about, without waiting for its time")
	completeFlag(cmd, "request", completeRequests(flags, privacy.Erase, false))
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "delete nothing, and say what would be")
	return cmd
}

func printErasure(w io.Writer, e admin.Erasure) error {
	p := &printer{w: w}
	if e.DryRun {
		p.printf("nothing is deleted; without --dry-run:\n")
	}
	for _, s := range e.Stores {
		p.printf("%s\n", s)
	}
	if !e.DryRun {
		p.printf("receipt: request %s, %s; joingyd privacy requests show %s\n", e.Request, timeText(e.At), e.Request)
	}
	return p.err
}

func newPrivacyRequestsCommand(flags *adminFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "requests",
		Short: "Answer what visitors ask about their data",
		Long: `List and answer what visitors ask on /data. A request is due after a month (GDPR, article
12), which is before the 45 days of the CCPA; the metric
joingyd_privacy_requests{state="overdue"} counts those past it. What is to be deleted is, a
week after it was asked, by itself.`,
		Example: `  joingyd privacy requests list
  joingyd privacy requests show k7m2x4q6
  joingyd privacy requests answer k7m2x4q6 --file k7m2x4q6/data.txt
  joingyd privacy requests refuse k7m2x4q6 --text "This is the third time this month."`,
	}
	cmd.AddCommand(newRequestsListCommand(flags), newRequestsShowCommand(flags), newRequestsEndCommand(flags, false), newRequestsEndCommand(flags, true))
	return cmd
}

func newRequestsListCommand(flags *adminFlags) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the requests that wait, the first due first",
		Example: "  joingyd privacy requests list\n  joingyd privacy requests list --all -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.PrivacyRequestList, error) {
				return c.PrivacyRequests(ctx, all)
			}, func(w io.Writer, list admin.PrivacyRequestList) error { return printRequests(w, list, time.Now()) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "and those that have ended, as long as they are kept")
	return cmd
}

func printRequests(w io.Writer, list admin.PrivacyRequestList, now time.Time) error {
	if len(list.Requests) == 0 {
		return printMissing(w, "no request waits", list.Missing)
	}
	several := list.Requests[0].Node != ""
	err := printTable(w, func(p *printer) {
		p.printf("%sREQUEST\tKIND\tSTATE\tASKED\tDUE\tBY\n", nodeCell("NODE", several))
		for _, r := range list.Requests {
			p.printf("%s%s\t%s\t%s\t%s\t%s\t%s\n", nodeCell(r.Node, several), r.ID, r.Kind, requestState(r, now), dateText(r.Asked), dateText(r.Due), r.By)
		}
	})
	if err != nil {
		return err
	}
	return printMissing(w, statesText(list.Counts), list.Missing)
}

// requestState says how far a request has come: OVERDUE, open, happens in 3d.
func requestState(r admin.PrivacyRequest, now time.Time) string {
	switch {
	case r.Overdue:
		return "OVERDUE"
	case r.State == privacy.StateOpen && r.Happens.After(now):
		return "happens in " + about(r.Happens.Sub(now))
	}
	return string(r.State)
}

func newRequestsShowCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show REQUEST",
		Short:   "Show one request",
		Example: "  joingyd privacy requests show k7m2x4q6",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeRequests(flags, "", true)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.PrivacyRequest, error) {
				return c.PrivacyRequest(ctx, args[0])
			}, func(w io.Writer, r admin.PrivacyRequest) error { return printRequest(w, r, time.Now()) })
		},
	}
}

func printRequest(w io.Writer, r admin.PrivacyRequest, now time.Time) error {
	err := printTable(w, func(p *printer) {
		p.printf("request\t%s (%s)\n", r.ID, r.Kind)
		p.printf("state\t%s\n", requestState(r, now))
		p.printf("asked\t%s by %s\n", timeText(r.Asked), r.By)
		p.printf("due\t%s (GDPR), %s (CCPA)\n", dateText(r.Due), dateText(r.Deadline))
		if !r.Happens.IsZero() && r.Ended.IsZero() {
			p.printf("happens\t%s\n", timeText(r.Happens))
		}
		if r.Ended.IsZero() {
			p.printf("about\t%s\n", aboutText(r))
			p.printf("contact\t%s\n", cmp.Or(printable(r.Contact), "-"))
		} else {
			p.printf("ended\t%s by %s\n", timeText(r.Ended), r.EndedBy)
		}
	})
	if err == nil && r.Answer != "" {
		_, err = fmt.Fprintf(w, "\n%s\n", r.Answer)
	}
	return err
}

func aboutText(r admin.PrivacyRequest) string {
	var texts []string
	if r.Session != "" {
		texts = append(texts, "session "+r.Session)
	}
	if r.Address {
		texts = append(texts, "an address, of which a pseudonym is kept")
	}
	return strings.Join(texts, " and ")
}

// printable keeps control characters of strangers away from the terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return '?'
		}
		return c
	}, text)
}

func newRequestsEndCommand(flags *adminFlags, refuse bool) *cobra.Command {
	req := admin.EndRequest{Refuse: refuse}
	kind := privacy.Access // an erasure is answered by erasing
	var file string
	cmd := &cobra.Command{
		Use:   "answer REQUEST --text TEXT|--file FILE",
		Short: "Answer a request, for who has its receipt",
		Long: `Answer a request. Who has its receipt reads the text on /data for 90 days; of whom the
request was is forgotten at once, so send what is for the contact first. The text is kept
on this server as it is: leave out what others are in.`,
		Example: "  joingyd privacy requests answer k7m2x4q6 --text \"Two visits, on 3 and 4 November, from 203.0.113.7.\"\n  joingyd privacy requests answer k7m2x4q6 --file k7m2x4q6/data.txt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Request = args[0]
			err := readAnswerFile(&req, file)
			if err == nil {
				err = req.Validate()
			}
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.PrivacyRequest, error) {
				return c.EndPrivacyRequest(ctx, req)
			}, func(w io.Writer, r admin.PrivacyRequest) error {
				_, err := fmt.Fprintf(w, "request %s: %s\n", r.ID, map[bool]string{false: "answered", true: "refused"}[refuse])
				return err
			})
		},
	}
	if refuse {
		kind = ""
		cmd.Use, cmd.Short = "refuse REQUEST --text TEXT|--file FILE", "Refuse a request, and say why"
		cmd.Long = `Refuse a request, also one to delete that waits for its time, and say why: who has the
receipt reads it on /data for 90 days, with the hint that they may complain.`
		cmd.Example = "  joingyd privacy requests refuse k7m2x4q6 --text \"This is the third time this month.\""
	}
	cmd.ValidArgsFunction = completeFirst(completeRequests(flags, kind, false))
	cmd.Flags().StringVar(&req.Text, "text", "", "what who asked reads")
	cmd.Flags().StringVar(&file, "file", "", "file that has it")
	return cmd
}

func readAnswerFile(req *admin.EndRequest, file string) error {
	if file == "" {
		return nil
	}
	if req.Text != "" {
		return usageError{errors.New("--text and --file both have the answer; leave out one")}
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	req.Text = string(text)
	return nil
}
