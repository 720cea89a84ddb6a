package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newRelayCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "relay",
		Short: "Look at the relay's allocations, close them, drain it",
		Example: `  joingyd relay list
  joingyd relay kill 198.18.37.5:61022
  joingyd relay drain --wait`,
	}
	flags.add(cmd)
	cmd.AddCommand(newRelayListCommand(&flags), newRelayShowCommand(&flags), newRelayKillCommand(&flags), newRelayDrainCommand(&flags))
	return cmd
}

func newRelayListCommand(flags *adminFlags) *cobra.Command {
	var req admin.RelayListRequest
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the live allocations, the oldest first",
		Long: `List the live allocations, the oldest first, with what each client sent and
received: application data and, in brackets, packets. A client's address is cut
to its /24 (IPv6: /48); --addresses shows all of it, and the daemon logs who
asked.`,
		Example: "  joingyd relay list\n  joingyd relay list --session ngdgw7kcjvbq4p2i5wd3kgu2ra -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RelayList, error) {
				return c.RelayList(ctx, req)
			}, printRelayList)
		},
	}
	cmd.Flags().StringVar(&req.Session, "session", "", "those of this session only")
	completeFlag(cmd, "session", completeSessions(flags))
	addAddresses(cmd, &req.Addresses)
	return cmd
}

func newRelayShowCommand(flags *adminFlags) *cobra.Command {
	var req admin.RelayShowRequest
	cmd := &cobra.Command{
		Use:   "show RELAYED|SESSION",
		Short: "Tell all about an allocation, or about a session's",
		Long: `Tell all about the allocation with this relayed transport address, or about
every one of this session. A client's address is cut to its /24 (IPv6: /48);
--addresses shows all of it, and the daemon logs who asked.`,
		Example: "  joingyd relay show 198.18.37.5:61022\n  joingyd relay show ngdgw7kcjvbq4p2i5wd3kgu2ra --addresses",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeSessions(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Name = args[0]
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RelayList, error) {
				return c.RelayShow(ctx, req)
			}, printRelayShow)
		},
	}
	addAddresses(cmd, &req.Addresses)
	return cmd
}

func newRelayKillCommand(flags *adminFlags) *cobra.Command {
	var req admin.RelayKillRequest
	cmd := &cobra.Command{
		Use:   "kill RELAYED",
		Short: "Close an allocation, or all of a session's",
		Long: `Close the allocation with this relayed transport address, or every one of a
session. The session goes on and may allocate again; use joingyd kick to end it,
or joingyd ban --session to keep it out.`,
		Example: "  joingyd relay kill 198.18.37.5:61022\n  joingyd relay kill --session ngdgw7kcjvbq4p2i5wd3kgu2ra",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				req.Relayed = args[0]
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RelayKillResult, error) {
				return c.RelayKill(ctx, req)
			}, func(w io.Writer, result admin.RelayKillResult) error {
				p := &printer{w: w}
				for _, relayed := range result.Killed {
					p.printf("closed allocation %s\n", relayed)
				}
				return p.err
			})
		},
	}
	cmd.Flags().StringVar(&req.Session, "session", "", "close every allocation of this session")
	completeFlag(cmd, "session", completeSessions(flags))
	return cmd
}

func addAddresses(cmd *cobra.Command, addresses *bool) {
	cmd.Flags().BoolVar(addresses, "addresses", false, "show the clients' whole addresses; the daemon logs who asked")
}
