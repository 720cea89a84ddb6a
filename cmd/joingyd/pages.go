package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/web"
)

func newSiteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "site",
		Short:   "Adapt what visitors read",
		Example: "  joingyd site pages /etc/joingyd/pages",
	}
	cmd.AddCommand(newSitePagesCommand())
	return cmd
}

func newSitePagesCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "pages DIR",
		Short: "Write the built-in pages to a directory, to adapt them",
		Long: `Write the built-in pages (rules, terms, privacy policy …) to a directory, as
Markdown. With site.pages_dir set to it, they stand in place of the built-in ones:
NAME.md in English and every language that has no file of its own, NAME.CODE.md in
one language. Delete those that you leave as they are, so that they follow the
program. A further file is a further page: imprint.md is /imprint.

A page whose version you change asks visitors for consent again, if it is the
rules, the terms or the privacy policy.`,
		Example: `  joingyd site pages /etc/joingyd/pages
  joingyd site pages --force /etc/joingyd/pages   # as they were`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := writePages(args[0], force)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s to %s; set site.pages_dir to it\n", count(n, "page"), args[0])
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace files that are there")
	return cmd
}

// writePages writes all built-in pages to dir, or none if one is there already.
func writePages(dir string, force bool) (int, error) {
	pages, err := web.BuiltInPages()
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	names := slices.Sorted(maps.Keys(pages))
	for _, name := range names {
		if err := freeName(filepath.Join(dir, name), force); err != nil {
			return 0, err
		}
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), pages[name], 0o644); err != nil {
			return 0, err
		}
	}
	return len(pages), nil
}
