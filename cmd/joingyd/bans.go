package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newBansCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "bans",
		Short:   "Look at the bans",
		Example: "  joingyd bans list\n  joingyd bans check 203.0.113.7",
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.AddCommand(newBansListCommand(&flags), newBansCheckCommand(&flags))
	return cmd
}

func newBansListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the active bans, the oldest first",
		Long: `List the active bans, the oldest first. Addresses are stored as keyed hashes
and not shown, unless the ban was made with --keep-address; use bans check to
find the ban of an address that you know.`,
		Example: "  joingyd bans list\n  joingyd bans list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.BanList, error) {
				return c.Bans(ctx)
			}, printBans)
		},
	}
}

func newBansCheckCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "check ADDRESS",
		Short: "Tell whether an address is banned, and by which ban",
		Long: `Tell whether an address is banned, and by which ban: of several, the one that
lasts longest. The exit status is 0 whether or not it is banned.`,
		Example: "  joingyd bans check 203.0.113.7\n  joingyd bans check 2001:db8::1 -o json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req := admin.CheckRequest{Address: args[0]}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.CheckResult, error) {
				return c.Check(ctx, req)
			}, func(w io.Writer, result admin.CheckResult) error {
				return printCheck(w, req.Address, result)
			})
		},
	}
}

func printBans(w io.Writer, list admin.BanList) error {
	if len(list.Bans) == 0 {
		_, err := fmt.Fprintln(w, "no bans")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("ID\tTARGET\tENDS\tBY\tCREATED\tREASON\n")
	now := time.Now()
	for _, b := range list.Bans {
		p.printf("%s\t%s\t%s\t%s\t%s\t%s\n", b.ID, describe(b), endText(b, now), b.By, timeText(b.Created), b.Reason)
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

func printCheck(w io.Writer, address string, result admin.CheckResult) error {
	p := &printer{w: w}
	if !result.Banned {
		p.printf("%s is not banned\n", address)
		return p.err
	}
	b := result.Ban
	p.printf("%s is banned by the ban on %s\n", address, result.Rule)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := &printer{w: table, err: p.err}
	rows.printf("id\t%s\nends\t%s\nreason\t%s\nnote\t%s\nby\t%s\ncreated\t%s\n",
		b.ID, endText(*b, time.Now()), b.Reason, b.Note, b.By, timeText(b.Created))
	if rows.err != nil {
		return rows.err
	}
	return table.Flush()
}

// describe says what a ban is on, as far as the store knows.
func describe(b ban.Ban) string {
	switch {
	case b.Address != "":
		return b.Address
	case b.Kind == ban.KindPrefix:
		return b.Prefix.String()
	case b.Kind == ban.KindNet64:
		return "hidden /64"
	default:
		return "hidden address"
	}
}

// endText says when a ban ends, for programs and for people.
func endText(b ban.Ban, now time.Time) string {
	if b.Permanent() {
		return "never"
	}
	return fmt.Sprintf("%s (in %s)", timeText(b.Until), about(b.Until.Sub(now)))
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// about rounds a duration to one unit: 40s, 59m, 24h, 7d.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Round(time.Second).Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 3*24*time.Hour:
		return fmt.Sprintf("%dh", int(d.Round(time.Hour).Hours()))
	default:
		return fmt.Sprintf("%dd", int((d+12*time.Hour).Hours()/24))
	}
}

// printer keeps the first error of many prints.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
