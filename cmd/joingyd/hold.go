package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/legalhold"
)

func newHoldCommand() *cobra.Command {
	var flags adminFlags
	var req admin.LegalHoldRequest
	var until string
	cmd := &cobra.Command{
		Use:   "hold --session SESSION|--address ADDRESS --reference TEXT",
		Short: "Keep all about a session or an address, because an authority will ask for it",
		Long: `Keep all that there is about a session or an address beyond its time: the rows of the
IP log, those to come too, and every case, with its evidence. It tells nobody anything:
joingyd disclose does. One number stands for all of it; it ends by itself, or with
joingyd hold release. Erasure and retention leave alone what is held.

Who held what, until when and why is written into the audit log; the address is not, and
no file has it. So name no visitor in the reference.`,
		Example: `  joingyd hold --session fvk7zq2m5xjd3thn6bwy4lcs2a --reference "police of Example, 26-1402"
  joingyd hold --address 203.0.113.7 --for 90d --reference "18 USC 2703(f), 26-1402"
  joingyd hold list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			return ask(cmd, &flags, func(ctx context.Context, c control) (legalhold.Hold, error) {
				return c.MakeLegalHold(ctx, req)
			}, printHold)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&req.Session, "session", "", "whom it is about: a session, also one that has ended")
	cmd.Flags().StringVar(&req.Address, "address", "", "whom it is about: an address (IPv6: its /64)")
	cmd.Flags().StringVar(&req.Reference, "reference", "", "of who asked for it, such as the number of their letter")
	cmd.Flags().StringVar(&until, "until", "", "the last day, such as 2028-06-30 (UTC)")
	cmd.Flags().StringVar(&req.For, "for", "", "how long from now, such as 90d (default: 180d)")
	cmd.AddCommand(newHoldListCommand(&flags), newHoldReleaseCommand(&flags))
	return cmd
}

func printHold(w io.Writer, h legalhold.Hold) error {
	p := &printer{w: w}
	p.printf("hold %s until %s: %s\n", h.ID, timeText(h.Until), holdText(h))
	if h.NoRows {
		p.printf("there is no IP log (privacy.recipients), so no addresses are kept\n")
	}
	return p.err
}

// holdText says what a hold keeps.
func holdText(h legalhold.Hold) string {
	text := "cases: " + thousands(len(h.Cases))
	if h.Rows != "" {
		text = "rows of the IP log, those to come too; " + text
	}
	return text
}

func newHoldListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List what is on hold",
		Example: "  joingyd hold list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.LegalHoldList, error) {
				return c.LegalHolds(ctx)
			}, printHolds)
		},
	}
}

func printHolds(w io.Writer, list admin.LegalHoldList) error {
	if len(list.Holds) == 0 {
		_, err := fmt.Fprintln(w, "nothing is on hold")
		return err
	}
	return printTable(w, func(p *printer) {
		p.printf("HOLD\tABOUT\tUNTIL\tBY\tROWS\tCASES\tREFERENCE\tSTATE\n")
		for _, h := range list.Holds {
			p.printf("%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", h.ID, aboutWhom(h.Session), h.Until.UTC().Format(time.DateOnly), h.By,
				map[bool]string{true: "no", false: "yes"}[h.Rows == ""], len(h.Cases), quoteControls(h.Reference), holdState(h))
		}
	})
}

// aboutWhom names a session; of an address nothing is known but that it is one.
func aboutWhom(session string) string {
	if session == "" {
		return "an address"
	}
	return session
}

func holdState(h legalhold.Hold) string {
	switch {
	case h.Ending:
		return "ending: the next start completes it"
	case h.Incomplete:
		return "incomplete: the next start completes it"
	}
	return "held"
}

func newHoldReleaseCommand(flags *adminFlags) *cobra.Command {
	var req admin.LegalReleaseRequest
	cmd := &cobra.Command{
		Use:   "release HOLD --reason TEXT",
		Short: "End a hold",
		Long: `End a hold: what only it kept goes, at once or when its time is over. Cases that were
held before, for another reason, stay held. Who did so, and why, is written into the
audit log.`,
		Example: `  joingyd hold release k7m2x4q6 --reason "the police have what they need"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.ID = args[0]
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.LegalReleaseResult, error) {
				return c.ReleaseLegalHold(ctx, req)
			}, func(w io.Writer, result admin.LegalReleaseResult) error {
				p := &printer{w: w}
				p.printf("hold %s has ended\n", result.Hold.ID)
				if result.Kept > 0 {
					p.printf("%s stay held, as before it; joingyd reports list --held shows them\n", count(result.Kept, "case"))
				}
				return p.err
			})
		},
	}
	cmd.ValidArgsFunction = completeFirst(completeHolds(flags))
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in a few words")
	return cmd
}
