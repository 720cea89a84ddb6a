package main

import (
	"context"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newStatusCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Tell what the running daemon is doing",
		Example: "  joingyd status\n  joingyd status -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.Status, error) {
				return c.Status(ctx)
			}, printStatus)
		},
	}
	flags.add(cmd)
	return cmd
}

func printStatus(w io.Writer, s admin.Status) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("version\t%s\n", s.Version)
	p.printf("started\t%s (%s ago)\n", timeText(s.Started), about(time.Since(s.Started)))
	p.printf("online\t%d\npairs\t%d\nwaiting\t%d\nallocations\t%d\nbans\t%d\n", s.Online, s.Pairs, s.Waiting, s.Allocations, s.Bans)
	if s.Draining {
		p.printf("relay\tdraining\n")
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}
