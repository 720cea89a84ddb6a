package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newUnbanCommand() *cobra.Command {
	var flags adminFlags
	var req admin.UnbanRequest
	cmd := &cobra.Command{
		Use:   "unban ADDRESS|PREFIX",
		Short: "End a ban",
		Long: `End the bans on exactly this address or prefix, of every scope or of one, or the
ban with this id. They stay in the history. If another ban still covers the
address, that is said.`,
		Example: `  joingyd unban 203.0.113.7
  joingyd unban 203.0.113.7 --scope video
  joingyd unban --id k3jq7xwe`,
		Args: cobra.MaximumNArgs(1),

		ValidArgsFunction: completeFirst(completeBanTargets(&flags)),
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
	cmd.Flags().StringVar((*string)(&req.Scope), "scope", "", "only the ban of this scope: all, video or relay (default: every scope)")
	cmd.Flags().StringVar(&req.ID, "id", "", "the id of the ban, as bans list shows it")
	completeWords(cmd, "scope", ban.Scopes())
	completeFlag(cmd, "id", completeBanIDs(&flags))
	return cmd
}

func printUnban(w io.Writer, req admin.UnbanRequest, result admin.UnbanResult) error {
	p := &printer{w: w}
	for _, b := range append([]ban.Ban{result.Ban}, result.Also...) {
		p.printf("unbanned %s%s%s\n", targetText(req.Target, b), fromText(b.Scope), idText(b))
	}
	if still := result.StillBanned; still != nil {
		p.printf("still banned%s by the ban on %s%s; ends: %s\n", fromText(still.Scope), describe(*still), idText(*still), endText(*still, time.Now()))
	}
	return p.err
}
