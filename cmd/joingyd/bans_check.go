package main

import (
	"context"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

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
