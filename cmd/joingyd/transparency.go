package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
)

func newTransparencyCommand() *cobra.Command {
	var flags adminFlags
	var req admin.TransparencyRequest
	cmd := &cobra.Command{
		Use:   "transparency",
		Short: "Show what was reported, found and decided, by month",
		Long: `Show what was reported, found and decided, by month: for a transparency report. No
figure names anybody. A month that is not there had nothing to count; months are in UTC.

The delays are hours within which half and nine tenths of the decisions were made, from
the first report or flag of a case, rounded up to a step of 1, 2, 3, 4, 6, 8, 12, 18 or
24 hours, and so on to 90 days. -o csv has one line a figure, month,subject,figure,value,
and subjects stay the same; what a site has no figure of has no line.`,
		Example: `  joingyd transparency
  joingyd transparency --from 2026-01 --to 2026-12 -o csv > 2026.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.Transparency, error) {
				return c.Transparency(ctx, req)
			}, func(w io.Writer, t admin.Transparency) error {
				if flags.output == outputCSV {
					return writeFigures(w, t)
				}
				return printFigures(w, t)
			})
		},
	}
	flags.addSocket(cmd)
	flags.output = outputText
	cmd.Flags().VarP(outputOrCSV{&flags.output}, "output", "o", "output: text, csv for spreadsheets, or json for one document")
	completeWords(cmd, "output", []outputFormat{outputText, outputCSV, outputJSON})
	cmd.Flags().StringVar(&req.From, "from", "", "first month, such as 2026-01 (default: the first that there is)")
	cmd.Flags().StringVar(&req.To, "to", "", "last month (default: this one)")
	return cmd
}

const outputCSV outputFormat = "csv"

// outputOrCSV is -o of a command that can write CSV as well.
type outputOrCSV struct{ *outputFormat }

func (o outputOrCSV) Set(text string) error {
	if *o.outputFormat = outputFormat(text); *o.outputFormat == outputCSV {
		return nil
	}
	if o.outputFormat.Set(text) != nil {
		return errors.New("want text, csv or json")
	}
	return nil
}

// figure is one figure of a month.
type figure struct {
	subject, name string
	value         int
}

// figuresOf lists a month's figures. Those of names that are known from the start are
// there at zero.
func figuresOf(m admin.MonthFigures) (list []figure) {
	add := func(subject string, counts map[string]int, known ...string) {
		names := slices.Clone(known)
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, name := range names {
			list = append(list, figure{subject, name, counts[name]})
		}
	}
	add("reports", m.Reports, append(match.ReportReasons(), moderate.Guardian)...)
	add("stills", map[string]int{"looked_at": m.Stills}, "looked_at")
	add("stills_found", m.Found)
	add("stills_to_judge", m.Flags)
	add("stills_judged", m.Judged)
	add("stills_dismissed", m.Dismissed)
	add("decisions", m.Decisions, texts(moderate.KindReport.Actions())...)
	add("delay_hours", map[string]int{"median": m.MedianHours, "p90": m.P90Hours}, "median", "p90")
	add("cases", map[string]int{"expired": m.Expired}, "expired")
	add("ncmec", map[string]int{"reports": m.NCMEC}, "reports")
	add("bans", m.Bans, moderate.MakerPerson, moderate.MakerImport)
	add("bans_ended", map[string]int{"early": m.Unbanned}, "early")
	add("appeals", m.Appeals)
	add("disclosures", m.Disclosures)
	return list
}

// writeFigures writes months as CSV, the oldest first.
func writeFigures(w io.Writer, t admin.Transparency) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"month", "subject", "figure", "value"}) // out keeps its error
	for _, m := range slices.Backward(t.Months) {
		for _, f := range figuresOf(m) {
			_ = out.Write([]string{m.Month, f.subject, f.name, strconv.Itoa(f.value)})
		}
	}
	out.Flush()
	return out.Error()
}

// monthsAcross is how many months one table has: they fit 80 columns.
const monthsAcross = 5

// printFigures prints months side by side, the newest first.
func printFigures(w io.Writer, t admin.Transparency) error {
	if len(t.Months) == 0 {
		_, err := fmt.Fprintln(w, "no figures of these months")
		return err
	}
	for i, months := range slices.Collect(slices.Chunk(t.Months, monthsAcross)) {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := printMonths(w, months); err != nil {
			return err
		}
	}
	return nil
}

func printMonths(w io.Writer, months []admin.MonthFigures) error {
	var rows []figure // what any of the months has, in order; without values
	values := make([]map[figure]int, len(months))
	for i, m := range months {
		values[i] = make(map[figure]int)
		at := 0
		for _, f := range figuresOf(m) {
			row := figure{f.subject, f.name, 0}
			values[i][row] = f.value
			if found := slices.Index(rows, row); found >= 0 {
				at = found + 1
				continue
			}
			rows = slices.Insert(rows, at, row)
			at++
		}
	}
	return printTable(w, func(p *printer) {
		p.printf("SUBJECT\tFIGURE")
		for _, m := range months {
			p.printf("\t%s", m.Month)
			if m.Running {
				p.printf("*")
			}
		}
		p.printf("\n")
		before := ""
		for _, row := range rows {
			subject := row.subject
			if subject == before {
				subject = ""
			}
			before = row.subject
			p.printf("%s\t%s", subject, row.name)
			for i := range months {
				p.printf("\t%s", thousands(values[i][row]))
			}
			p.printf("\n")
		}
		if months[0].Running {
			p.printf("* not over\n")
		}
	})
}
