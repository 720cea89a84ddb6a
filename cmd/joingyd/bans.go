package main

import "github.com/spf13/cobra"

func newBansCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "bans",
		Short:   "Look at the bans, import and export them, and keep the allowlist",
		Example: "  joingyd bans list\n  joingyd bans check 203.0.113.7\n  joingyd bans allow 203.0.113.7",
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.AddCommand(
		newBansListCommand(&flags),
		newBansCheckCommand(&flags),
		newBansHistoryCommand(&flags),
		newBansStatsCommand(&flags),
		newBansAllowCommand(&flags),
		newBansDisallowCommand(&flags),
		newBansAllowedCommand(&flags),
		newBansImportCommand(&flags),
		newBansExportCommand(&flags),
	)
	return cmd
}
