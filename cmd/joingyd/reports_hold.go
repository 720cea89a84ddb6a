package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newReportsHoldCommand(flags *adminFlags) *cobra.Command {
	var req admin.HoldRequest
	var until string
	cmd := &cobra.Command{
		Use:   "hold CASE --reason TEXT",
		Short: "Keep a case and its evidence, whatever becomes of the case",
		Long: `Keep a case and its evidence until a day, or for a time, whatever becomes of the case:
it can be decided all the same, and evidence open and reports ncmec work until then. A
hold is only made longer; joingyd reports release ends it early.

What concerns somebody under 18 is held by itself, for moderation.hold, when its case
ends other than by dismissal. Evidence that is in memory only is lost at a restart.

Who held what, and why, is written into the audit log, which outlasts the case: name
no visitor in the reason.`,
		Example: `  joingyd reports hold k7m2x4q6 --reason "police, file 26-1402"
  joingyd reports hold k7m2x4q6 --for 180d --reason "an appeal may come"
  joingyd reports hold k7m2x4q6 --until 2028-06-30 --reason "court order 5 C 12/26"`,
		Args: cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeCases(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Case = args[0]
			var err error
			if until != "" {
				req.Until, err = parseDay(until)
			}
			if err == nil {
				err = req.Validate()
			}
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.HoldResult, error) {
				return c.Hold(ctx, req)
			}, func(w io.Writer, result admin.HoldResult) error {
				_, err := fmt.Fprintf(w, "case %s is held until %s\n", result.Case.ID, timeText(result.Case.Hold.Until))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in a few words, such as who asked for it")
	cmd.Flags().StringVar(&until, "until", "", "the last day, such as 2028-06-30 (UTC)")
	cmd.Flags().StringVar(&req.For, "for", "", "how long from now, such as 180d (default: moderation.hold)")
	return cmd
}

// parseDay returns the end of a day.
func parseDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, usageError{fmt.Errorf("--until is %q; write a day such as 2028-06-30", text)}
	}
	return day.AddDate(0, 0, 1), nil
}

func newReportsReleaseCommand(flags *adminFlags) *cobra.Command {
	var req admin.ReleaseRequest
	cmd := &cobra.Command{
		Use:   "release CASE --reason TEXT",
		Short: "End the hold of a case",
		Long: `End the hold of a case, and so, if the case was decided or expired, delete its
evidence at once. Who did so, and why, is written into the audit log.`,
		Example: `  joingyd reports release k7m2x4q6 --reason "the police have what they need"`,
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeHeld(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Case = args[0]
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.HoldResult, error) {
				return c.Release(ctx, req)
			}, func(w io.Writer, result admin.HoldResult) error {
				what := "its evidence is deleted"
				if result.Case.Waits() {
					what = "its evidence stays until it is decided"
				}
				_, err := fmt.Fprintf(w, "case %s is not held any more; %s\n", result.Case.ID, what)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in a few words")
	return cmd
}
