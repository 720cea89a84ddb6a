package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/totals"
)

func newStatsCommand() *cobra.Command {
	var flags adminFlags
	var req admin.TotalsRequest
	format := statsFormat(outputText)
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count visits, chats and traffic by day",
		Long: `Count visits, chats that connected and traffic by day (UTC), and visits by operating
system, browser, kind of device, language and how long they lasted, each by itself.
Those are counted five visits at a time, so that no figure is of one visitor, and up
to four are left out at each end of the daemon. A text chat connected when both had
a line delivered, a video chat when both sent sound or picture through the relay.`,
		Example: "  joingyd stats --from 2026-11-01 --to 2026-11-30\n  joingyd stats -o csv > stats.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			print := printTotals
			switch format {
			case statsCSV:
				print = writeTotals
			case statsFormat(outputJSON):
				flags.output = outputJSON
			}
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.TotalsList, error) { return c.Totals(ctx, req) }, print)
		},
	}
	flags.addSocket(cmd)
	cmd.Flags().StringVar(&req.From, "from", "", "the first day, such as 2026-11-01; without one the first that there is")
	cmd.Flags().StringVar(&req.To, "to", "", "the last day; without one today")
	cmd.Flags().VarP(&format, "output", "o", "output: text, json for one document, or csv for a line a figure")
	completeWords(cmd, "output", statsFormats)
	return cmd
}

// statsFormat is the value of -o here.
type statsFormat string

const statsCSV statsFormat = "csv"

var statsFormats = []statsFormat{statsFormat(outputText), statsFormat(outputJSON), statsCSV}

// String, Set and Type make statsFormat a flag that refuses other values.
func (f *statsFormat) String() string { return string(*f) }

func (f *statsFormat) Set(text string) error {
	if *f = statsFormat(text); !slices.Contains(statsFormats, *f) {
		return fmt.Errorf("%q is no format; write text, json or csv", text)
	}
	return nil
}

func (f *statsFormat) Type() string { return "format" }

// breakdown is what a day's figures are of.
type breakdown struct {
	name    string
	values  []string
	figures func(totals.Day) totals.Figures
}

var breakdowns = []breakdown{
	{"chats", totals.Modes(), func(d totals.Day) totals.Figures { return d.Chats }},
	{"os", totals.Systems(), func(d totals.Day) totals.Figures { return d.Systems }},
	{"browser", totals.Browsers(), func(d totals.Day) totals.Figures { return d.Browsers }},
	{"device", totals.Devices(), func(d totals.Day) totals.Figures { return d.Devices }},
	{"language", totals.Languages(), func(d totals.Day) totals.Figures { return d.Languages }},
	{"lasted", totals.Stays(), func(d totals.Day) totals.Figures { return d.Stays }},
}

// printTotals prints a line a day, and what all days come to.
func printTotals(w io.Writer, list admin.TotalsList) error {
	return printTable(w, func(p *printer) {
		if len(list.Days) == 0 {
			p.printf("no figures of these days; is privacy.counters off?\n")
			return
		}
		p.printf("DAY\tVISITS\tVIDEO\tTEXT\tRELAYED\n")
		sums := make(map[string]totals.Figures)
		for _, d := range list.Days {
			p.printf("%s\t%s\t%s\t%s\t%s\n", d.Day, thousands(int(d.Visits)), thousands(int(d.Chats["video"])), thousands(int(d.Chats["text"])), count(int(d.Bytes), "byte"))
			for _, b := range breakdowns {
				if sums[b.name] == nil {
					sums[b.name] = totals.Figures{}
				}
				for value, n := range b.figures(d) {
					sums[b.name][value] += n
				}
			}
		}
		p.printf("\n")
		for _, b := range breakdowns[1:] {
			p.printf("%s\t%s\n", b.name, shares(sums[b.name], b.values))
		}
	})
}

// shares lists what there is of each value, in the order of its set.
func shares(of totals.Figures, order []string) string {
	values := slices.SortedStableFunc(maps.Keys(of), func(a, b string) int {
		return slices.Index(order, a) - slices.Index(order, b)
	})
	if len(values) == 0 {
		return "fewer than five visits"
	}
	return counts(toInts(of), values...)
}

func toInts(of totals.Figures) map[string]int {
	ints := make(map[string]int, len(of))
	for value, n := range of {
		ints[value] = int(n)
	}
	return ints
}

// writeTotals writes a line for each figure that is not zero.
func writeTotals(w io.Writer, list admin.TotalsList) error {
	out := csv.NewWriter(w)
	line := func(fields ...string) { _ = out.Write(fields) } // Error has the first
	line("day", "figure", "value", "count")
	for _, d := range list.Days {
		line(d.Day, "visits", "", strconv.FormatUint(d.Visits, 10))
		line(d.Day, "bytes", "", strconv.FormatUint(d.Bytes, 10))
		for _, b := range breakdowns {
			for _, value := range b.values {
				if n := b.figures(d)[value]; n > 0 {
					line(d.Day, b.name, value, strconv.FormatUint(n, 10))
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}
