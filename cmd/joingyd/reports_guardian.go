package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newReportsGuardianCommand(flags *adminFlags) *cobra.Command {
	var req admin.GuardianRequest
	cmd := &cobra.Command{
		Use:   "guardian --note TEXT",
		Short: "Open an urgent case for what a parent or guardian says",
		Long: `Open an urgent case for what a parent or guardian says: that a child uses, or used,
the site. It comes before all others in joingyd reports list, and a person decides it as
any other. The note is evidence: it is kept sealed, or in memory, until then.

Name the session, a report or the address if it is known of whom it is; the address
itself is not kept. The receipt that is printed is for who told you: with it they see on
the page /guardian of the site what became of it. It is shown this once.`,
		Example: `  joingyd reports guardian --address 203.0.113.7 --note "Ms Roe, roe@example.org: her son of 14 was here this afternoon"
  joingyd reports guardian --report k7m2x4q6 --note "a school called, 555-0100"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.GuardianResult, error) {
				return c.Guardian(ctx, req)
			}, func(w io.Writer, result admin.GuardianResult) error {
				receipt := cmp.Or(result.Receipt, "none, since there is no room for more of them; they have to ask you")
				_, err := fmt.Fprintf(w, "case %s (%s)\nreceipt for who told you: %s\n", result.Case.ID, result.Case.Gravity, receipt)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&req.Note, "note", "", "what was told, and how to reach who told it")
	cmd.Flags().StringVar(&req.Session, "session", "", "the live session that it is about")
	cmd.Flags().StringVar(&req.Report, "report", "", "a report or case of whom it is about")
	cmd.Flags().StringVar(&req.Address, "address", "", "the address that they were seen from")
	completeFlag(cmd, "session", completeSessions(flags))
	completeFlag(cmd, "report", completeCases(flags))
	return cmd
}
