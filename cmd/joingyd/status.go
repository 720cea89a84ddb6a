package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newStatusCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what the running daemon is doing",
		Long: `Tell what the running daemon is doing: who is there, what the relay carries (a
second: over the last 5 to 10 s), what was refused since the start and why, and
what the log warned of last. joingyd top shows it live.`,
		Example: "  joingyd status\n  joingyd status -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.Status, error) {
				return c.Status(ctx)
			}, func(w io.Writer, s admin.Status) error {
				return printStatus(w, s, time.Now())
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func printStatus(w io.Writer, s admin.Status, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("version\t%s\n", harmless(s.Version))
	p.printf("started\t%s (%s ago)\n", timeText(s.Started), about(now.Sub(s.Started)))
	if s.Role != "" {
		p.printf("role\t%s\n", harmless(s.Role))
	}
	p.printf("online\t%d\n", s.Online)
	p.printf("pairs\t%d (%d video, %d text)\n", s.Pairs, s.VideoPairs, s.Pairs-s.VideoPairs)
	p.printf("waiting\t%d\nallocations\t%d\n", s.Waiting, s.Allocations)
	p.printf("relayed\t%s, now %s/s\n", bytesText(s.Relayed.Bytes), bytesText(s.RelayRate))
	p.printf("this month\t%s\n", monthText(s.Month))
	p.printf("bans\t%d\n", s.Bans)
	p.printf("refused\t%s\n", refusedText(s.Refused))
	if s.Draining {
		p.printf("relay\tdraining\n")
	}
	if s.Cluster != "" {
		p.printf("cluster\t%s\n", harmless(s.Cluster))
	}
	for _, warning := range s.Warnings {
		p.printf("warning\t%s\n", warningLine(warning, now))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

// monthText is the traffic of the month: 12.0 TB of 20.0 TB (60 %).
func monthText(m admin.MonthTraffic) string {
	text := bytesText(m.Bytes)
	if m.Limit > 0 {
		text += fmt.Sprintf(" of %s (%.0f %%)", bytesText(m.Limit), math.Floor(100*float64(m.Bytes)/float64(m.Limit)))
	}
	if !m.ClosedUntil.IsZero() {
		text += ": no new video chats until " + m.ClosedUntil.UTC().Format(time.DateOnly)
	}
	return text
}

// refusedText sums up what was refused: 12 (banned 10, capacity 2).
func refusedText(refused map[string]uint64) string {
	var sum uint64
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		if n := refused[reason]; n > 0 {
			sum += n
			reasons = append(reasons, fmt.Sprintf("%s %d", reason, n))
		}
	}
	if sum == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", sum, strings.Join(reasons, ", "))
}

// warningLine is a warning and how old it is. What it says may come from others.
func warningLine(warning admin.Warning, now time.Time) string {
	text := fmt.Sprintf("%s ago: %s", about(now.Sub(warning.At)), harmless(warning.Text))
	if warning.Times > 1 {
		text += fmt.Sprintf(" (%d times)", warning.Times)
	}
	return text
}
