package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

// drainPoll is how often --wait looks whether the relay is empty.
const drainPoll = 250 * time.Millisecond

func newRelayDrainCommand(flags *adminFlags) *cobra.Command {
	var req admin.RelayDrainRequest
	var wait bool
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Take no new allocations, and close the rest after a while",
		Long: `Take no new allocations from now on, let those there are end by themselves, and
close after --deadline what is left. It cannot be taken back: the relay takes
allocations again when the daemon is started anew. A second drain may bring the
deadline forward, never put it off.`,
		Example: "  joingyd relay drain\n  joingyd relay drain --deadline 10m --wait",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RelayDrainResult, error) {
				result, err := c.RelayDrain(ctx, req)
				if err != nil || !wait {
					return result, err
				}
				return waitForDrain(cmd.Context(), c, result)
			}, printDrain)
		},
	}
	cmd.Flags().StringVar(&req.Deadline, "deadline", "60s", "when to close what is left, from 1s to 24h")
	cmd.Flags().BoolVar(&wait, "wait", false, "return when no allocation is left")
	return cmd
}

// waitForDrain asks again and again until no allocation is left.
func waitForDrain(ctx context.Context, c control, result admin.RelayDrainResult) (admin.RelayDrainResult, error) {
	ctx, cancel := context.WithDeadline(ctx, result.Deadline.Add(requestTime))
	defer cancel()
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for result.Left > 0 {
		select {
		case <-ctx.Done():
			return result, fmt.Errorf("waited in vain: the drain goes on, with %s left; joingyd relay list shows what is", count(result.Left, "allocation"))
		case <-poll.C:
		}
		status, err := c.Status(ctx)
		if err != nil {
			return result, err
		}
		result.Left = status.Allocations
	}
	return result, nil
}

func printDrain(w io.Writer, result admin.RelayDrainResult) error {
	p := &printer{w: w}
	if result.Left == 0 {
		p.printf("drained: no allocation is left, and none is taken until the daemon starts anew\n")
	} else {
		p.printf("draining: %s left; closed at %s (in %s)\n", count(result.Left, "allocation"), timeText(result.Deadline), about(time.Until(result.Deadline)))
	}
	return p.err
}
