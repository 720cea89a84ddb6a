package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newBansHistoryCommand(flags *adminFlags) *cobra.Command {
	var req admin.HistoryRequest
	cmd := &cobra.Command{
		Use:   "history [ADDRESS|PREFIX]",
		Short: "List the bans that have ended, the last first",
		Long: `List the bans that have ended, the last first: all of them, or those that were on
an address or prefix or on what is around it. A ban stays in the history for 365
days after its end. One that has expired gets there within a minute.`,
		Example: `  joingyd bans history
  joingyd bans history 203.0.113.7
  joingyd bans history --how removed --by alice`,
		Args: cobra.MaximumNArgs(1),

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				req.Target = args[0]
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.History, error) {
				return c.History(ctx, req)
			}, func(w io.Writer, history admin.History) error {
				return printHistory(w, history, time.Now())
			})
		},
	}
	cmd.Flags().StringVar(&req.By, "by", "", "only those that this user or rule made or ended; auto: stands for every rule")
	cmd.Flags().StringVar((*string)(&req.How), "how", "", "only those that were removed, expired or replaced")
	completeFlag(cmd, "by", completeMakers(flags))
	completeWords(cmd, "how", []ban.How{ban.HowRemoved, ban.HowExpired, ban.HowReplaced})
	cmd.Flags().IntVar(&req.Limit, "limit", 100, "list at most so many, up to 100000")
	return cmd
}

func printHistory(w io.Writer, history admin.History, now time.Time) error {
	if history.Total == 0 {
		_, err := fmt.Fprintln(w, "no ended bans")
		return err
	}
	err := printTable(w, func(p *printer) {
		p.printf("SCOPE\tID\tTARGET\tMADE\tBY\tENDED\tHOW\tREASON\n")
		for _, e := range history.Ended {
			p.printf("%s\t%s\t%s\t%s ago\t%s\t%s ago\t%s\t%s\n", e.Ban.Scope, e.Ban.ID, describe(e.Ban),
				about(now.Sub(e.Ban.Created)), e.Ban.By, about(now.Sub(e.At)), howText(e), e.Ban.Reason)
		}
	})
	if err != nil {
		return err
	}
	text := count(history.Total, "ended ban")
	if shown := len(history.Ended); shown < history.Total {
		text = thousands(shown) + " of " + text
	}
	_, err = fmt.Fprintln(w, text)
	return err
}

// howText says how a ban ended, and through whom.
func howText(e ban.Ended) string {
	if e.By == "" {
		return string(e.How)
	}
	return string(e.How) + " by " + e.By
}
