package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newClusterCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "cluster",
		Short:   "Look at the nodes of this site, and drain one",
		Example: "  joingyd cluster status\n  joingyd cluster drain node-2",
	}
	flags.add(cmd)
	cmd.AddCommand(newClusterStatusCommand(&flags), newClusterDrainCommand(&flags))
	return cmd
}

func newClusterStatusCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the live nodes, and how Redis is",
		Long: `List the live nodes as this one sees them, and how Redis answers it. A node that
says nothing for 3 s is not listed. While Redis is down or slow each node pairs
its own visitors, and nobody is taken for dead.`,
		Example: "  joingyd cluster status\n  joingyd cluster status -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.ClusterStatus, error) {
				return c.ClusterStatus(ctx)
			}, func(w io.Writer, s admin.ClusterStatus) error {
				return printCluster(w, s, time.Now())
			})
		},
	}
}

func printCluster(w io.Writer, s admin.ClusterStatus, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("redis\t%s\nonline\t%s\nwaiting\t%s\n", redisText(s.Redis, now), thousands(s.Online), thousands(s.Waiting))
	if s.Problem != "" {
		p.printf("alone\t%s\n", harmless(s.Problem))
	}
	p.printf("\n")
	if p.err == nil {
		p.err = table.Flush() // what follows has columns of its own
	}
	p.printf("NODE\tSTATE\tONLINE\tWAITING\tCHATS\tLOAD\tUP\tVERSION\tROLE\tREGION\tRELAY\n")
	for _, n := range s.Nodes {
		p.printf("%s\t%s\t%s\t%s\t%s\t%.0f %%\t%s\t%s\t%s\t%s\t%s\n", harmless(n.Name), nodeState(n), thousands(n.Online), thousands(n.Waiting), thousands(n.Chats),
			math.Ceil(100*n.Load), about(now.Sub(n.Started)), orDash(n.Version), orDash(n.Role), orDash(n.Region), orDash(n.Relay))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

// nodeState says what a node does: up, draining, drained; and whether it is the one asked.
func nodeState(n admin.ClusterNode) string {
	state := "up"
	switch {
	case n.Empty():
		state = "drained"
	case n.Draining:
		state = "draining"
	}
	if n.Self {
		state += ", this one"
	}
	return state
}

// redisText says how Redis is: up for 3d, answers in 0.4 ms.
func redisText(r admin.ClusterRedis, now time.Time) string {
	text := fmt.Sprintf("%s for %s", r.State, about(now.Sub(r.Since)))
	if r.Error != "" {
		return text + ": " + harmless(r.Error)
	}
	return text + fmt.Sprintf(", answers in %.1f ms", r.Answer)
}

// orDash is what others wrote, or a dash for nothing.
func orDash(text string) string {
	if strings.TrimSpace(text) == "" {
		return "-"
	}
	return harmless(text)
}

// completeNodes offers the live nodes, each with what it is doing.
func completeNodes(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		s, err := c.ClusterStatus(ctx)
		for _, n := range s.Nodes {
			offers = append(offers, cobra.CompletionWithDesc(n.Name, nodeState(n)+", "+count(n.Online, "session")))
		}
		return offers, err
	})
}
