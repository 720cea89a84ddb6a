package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newUnbanCommand() *cobra.Command {
	var flags adminFlags
	var req admin.UnbanRequest
	cmd := &cobra.Command{
		Use:   "unban ADDRESS|PREFIX",
		Short: "End a ban",
		Long: `End the ban on exactly this address or prefix, or the one with this id.
The ban stays in the history. If another ban still covers the address, that is
said.`,
		Example: `  joingyd unban 203.0.113.7
  joingyd unban --id k3jq7xwe`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				req.Target = args[0]
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, &flags, func(ctx context.Context, c control) (admin.UnbanResult, error) {
				return c.Unban(ctx, req)
			}, func(w io.Writer, result admin.UnbanResult) error {
				return printUnban(w, req, result)
			})
		},
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.Flags().StringVar(&req.ID, "id", "", "the id of the ban, as bans list shows it")
	return cmd
}

func printUnban(w io.Writer, req admin.UnbanRequest, result admin.UnbanResult) error {
	p := &printer{w: w}
	p.printf("unbanned %s%s\n", targetText(req.Target, result.Ban), idText(result.Ban))
	if still := result.StillBanned; still != nil {
		p.printf("still banned by the ban on %s%s; ends: %s\n", describe(*still), idText(*still), endText(*still, time.Now()))
	}
	return p.err
}
