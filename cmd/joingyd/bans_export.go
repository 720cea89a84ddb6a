package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

func newBansExportCommand(flags *adminFlags) *cobra.Command {
	var req admin.ExportRequest
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the active bans as a list for other tools",
		Long: `Write the active bans to stdout, as a list for other tools, and to stderr what is
left out: single addresses and /64s that are stored as hashes cannot be written
(--keep-address keeps them when a ban is made), and tools without scopes would
keep everybody out of everything. Use joingyd backup to move bans to another
joingyd.`,
		Example: `  joingyd bans export --format csv > bans.csv
  joingyd bans export --format nft | nft -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			result, err := askControl(cmd.Context(), flags, func(ctx context.Context, c control) (admin.ExportResult, error) {
				return c.Export(ctx, req, cmd.OutOrStdout())
			})
			switch {
			case err != nil:
				return err
			case flags.output == outputJSON:
				return printJSON(cmd.ErrOrStderr(), result)
			}
			return printExport(cmd.ErrOrStderr(), result)
		},
	}
	cmd.Flags().StringVar((*string)(&req.Format), "format", string(list.Plain), "format of the list: plain, csv, crowdsec, fail2ban or nft")
	completeWords(cmd, "format", list.Writable())
	cmd.Flags().StringVar((*string)(&req.Scope), "scope", "", "only bans of this scope: all, video or relay")
	completeWords(cmd, "scope", ban.Scopes())
	return cmd
}

func printExport(w io.Writer, r admin.ExportResult) error {
	p := &printer{w: w}
	p.printf("wrote %s (%s)\n", count(r.Written, "ban"), r.Format)
	if r.Hidden > 0 {
		p.printf("left out %s whose addresses are stored as hashes only; joingyd backup has them\n", count(r.Hidden, "ban"))
	}
	if r.OtherScope > 0 {
		p.printf("left out %s on video or the relay, which %s cannot say; --format csv has them\n", count(r.OtherScope, "ban"), r.Format)
	}
	return p.err
}
