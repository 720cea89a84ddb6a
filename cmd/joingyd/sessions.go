package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newSessionsCommand() *cobra.Command {
	var flags adminFlags
	var req admin.SessionsRequest
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "List the live sessions",
		Long: `List the live sessions, the oldest first: what each is doing and for how long,
from how many addresses it came, how often it was reported, and what it relays:
application data and, in brackets, packets. An address is cut to its /24 (IPv6:
/48), and with whom a session talks is not told; neither is needed for
joingyd kick SESSION and joingyd ban --session SESSION.

Where there are several nodes (docs/scaling.md) the list has the sessions of all, or
of one with --node. joingyd kick and ban find a session wherever it lives.

A session is idle, waiting for a partner, chatting, or away: it has lost its
connection and may come back. joingyd top shows them live.`,
		Example: `  joingyd sessions
  joingyd sessions --state chatting --sort reports --limit 10
  joingyd sessions -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.SessionList, error) {
				req.Everywhere = true
				return c.Sessions(ctx, req)
			}, printSessions)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar((*string)(&req.State), "state", "", "only these: idle, waiting, chatting or away")
	cmd.Flags().StringVar((*string)(&req.Sort), "sort", "age", "age (the oldest first) or reports (the most reported first)")
	cmd.Flags().IntVar(&req.Limit, "limit", 1000, "list at most so many, up to 100000")
	completeWords(cmd, "state", admin.SessionStates())
	completeWords(cmd, "sort", admin.SessionSorts())
	return cmd
}

func printSessions(w io.Writer, list admin.SessionList) error {
	if len(list.Sessions) == 0 {
		return printMissing(w, "no sessions", list.Missing)
	}
	several := list.Sessions[0].Node != ""
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("%sSESSION\tSTATE\tMODE\tAGE\tFOR\tNETWORK\tADDRESSES\tREPORTS\tRELAYS\tSENT\tRECEIVED\n", nodeCell("NODE", several))
	now := time.Now()
	for _, s := range list.Sessions {
		p.printf("%s%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", nodeCell(s.Node, several), s.ID, s.State, modeText(s), about(now.Sub(s.Since)), about(now.Sub(s.StateSince)),
			s.Network, s.Addresses, s.Reports, s.Allocations, trafficText(s.Sent), trafficText(s.Received))
	}
	if p.err != nil {
		return p.err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	text := ""
	if list.Total != len(list.Sessions) {
		text = fmt.Sprintf("%d of %s; --limit shows more", len(list.Sessions), count(list.Total, "session"))
	}
	return printMissing(w, text, list.Missing)
}

// modeText is never empty, so that columns stay columns for programs.
func modeText(s admin.Session) string {
	if s.Mode == "" {
		return "-"
	}
	return s.Mode
}
