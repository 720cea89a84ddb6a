package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

// drainOptions are the flags of cluster drain.
type drainOptions struct {
	admin.ClusterDrainRequest
	wait   bool
	within time.Duration // 0: as long as it takes
}

func newClusterDrainCommand(flags *adminFlags) *cobra.Command {
	var o drainOptions
	cmd := &cobra.Command{
		Use:   "drain NODE",
		Short: "Have a node send its visitors to the others, or take some again",
		Long: `Have a node send its visitors to the others: /readyz says so to the load balancer,
who waits or idles moves to another node within seconds, and their browsers are
asked to come again. Chats go on until they end; those that are left when the
node stops go on at another. With --wait the command ends when nobody is left, or
fails after --within. With --off the node takes visitors again; one that starts
anew within a week is still drained.`,
		Example: "  joingyd cluster drain node-2 --wait --within 30m\n  joingyd cluster drain node-2 --off",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeNodes(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Node = args[0]
			if err := o.validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return askLong(cmd, flags, o.drain, func(w io.Writer, n admin.ClusterNode) error {
				_, err := fmt.Fprintln(w, drainText(n, !o.Off))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&o.Off, "off", false, "take visitors again")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "end when nobody is left at the node")
	cmd.Flags().DurationVar(&o.within, "within", 0, "with --wait: fail after this time, such as 30m")
	return cmd
}

func (o drainOptions) validate() error {
	switch {
	case o.wait && o.Off:
		return usageError{errors.New("--wait is for a node that empties; leave it out with --off")}
	case o.within != 0 && !o.wait:
		return usageError{errors.New("--within is how long --wait waits at most; give both")}
	case o.within < 0:
		return usageError{fmt.Errorf("--within is %v; give a time such as 30m", o.within)}
	}
	return o.Validate()
}

// drain asks for it and, with --wait, waits until the node has nobody left.
func (o drainOptions) drain(ctx context.Context, c control) (n admin.ClusterNode, err error) {
	asking, cancel := context.WithTimeout(ctx, requestTime)
	n, err = c.ClusterDrain(asking, o.ClusterDrainRequest)
	cancel()
	if err != nil || !o.wait {
		return n, err
	}
	var over <-chan time.Time
	if o.within > 0 {
		timer := time.NewTimer(o.within)
		defer timer.Stop()
		over = timer.C
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for !n.Empty() {
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-over:
			return n, fmt.Errorf("%s; %v are over: those go on at another node when this one stops, or wait longer", drainText(n, true), o.within)
		case <-ticker.C:
		}
		if n, err = o.look(ctx, c); err != nil {
			return n, err
		}
	}
	return n, nil
}

// look returns the node as it is now.
func (o drainOptions) look(ctx context.Context, c control) (admin.ClusterNode, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	s, err := c.ClusterStatus(ctx)
	if err != nil {
		return admin.ClusterNode{}, err
	}
	i := slices.IndexFunc(s.Nodes, func(n admin.ClusterNode) bool { return n.Name == o.Node })
	if i < 0 {
		return admin.ClusterNode{}, fmt.Errorf("%s has left before it was empty; joingyd cluster status lists who is there", harmless(o.Node))
	}
	return s.Nodes[i], nil
}

// drainText says what became of a wish.
func drainText(n admin.ClusterNode, on bool) string {
	name := harmless(n.Name)
	switch {
	case n.Draining != on:
		return name + " was told, and has not answered yet; joingyd cluster status shows when it has"
	case n.Empty():
		return name + " is drained: nobody is left, and it can be stopped"
	case on:
		return fmt.Sprintf("%s sends its visitors to the others; %s left, %s, %s at its relay", name, count(n.Online, "session"), count(n.Chats, "chat"), thousands(n.Relayed))
	default:
		return name + " takes visitors again"
	}
}
