package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newReportsCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "reports",
		Short: "List the reports that the daemon remembers",
		Long: `List the reports of visitors that the daemon remembers, the newest first. They are
in memory only. joingyd ban --report REPORT keeps out whoever a report is about,
also when the session has ended; a session is named here while it lives.`,
		Example: "  joingyd reports\n  joingyd reports -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.ReportList, error) {
				return c.Reports(ctx)
			}, func(w io.Writer, list admin.ReportList) error {
				return printReports(w, list, time.Now())
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func printReports(w io.Writer, list admin.ReportList, now time.Time) error {
	if len(list.Reports) == 0 {
		_, err := fmt.Fprintln(w, "no reports")
		return err
	}
	return printTable(w, func(p *printer) {
		p.printf("REPORT\tMADE\tREASON\tSESSION\n")
		for _, r := range list.Reports {
			p.printf("%s\t%s ago\t%s\t%s\n", r.ID, about(now.Sub(r.At)), r.Reason, cmp.Or(r.Session, "ended"))
		}
	})
}
