package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Check, print and translate the configuration",
		Example: "  joingyd config print > joingyd.yaml\n  joingyd config check --config joingyd.yaml",
	}
	cmd.AddCommand(newConfigCheckCommand(), newConfigPrintCommand(), newConfigExampleCommand(), newConfigSocketsCommand(), newConfigImportCoturnCommand(), newConfigDocsCommand())
	return cmd
}

// loadConfig loads the configuration. A flag's value that cannot be used is wrong
// usage, as one that cannot be read is.
func loadConfig(cmd *cobra.Command) (config.Config, error) {
	c, err := config.Load(cmd.Flags())
	if config.OnlyFlags(err) {
		err = usageError{err}
	}
	return c, err
}

func newConfigCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Tell whether the daemon would take this configuration",
		Example: `  joingyd config check --config /etc/joingyd/joingyd.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if _, err := siteOptions(c.Site); err != nil {
				return err
			}
			for _, warning := range c.Warnings() {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+warning)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "configuration is valid")
			return nil
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

func newConfigPrintCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print the configuration that the daemon would run with, whole and commented",
		Example: `  joingyd config print > joingyd.yaml   # a file to start from
  joingyd config print --config joingyd.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			switch output {
			case "text":
				return config.Print(cmd.OutOrStdout(), c)
			case "json":
				values := make(map[string]any)
				for _, f := range config.Fields() {
					values[f.Key] = f.JSON(c)
				}
				return json.NewEncoder(cmd.OutOrStdout()).Encode(values)
			}
			return usageError{fmt.Errorf("--output: %q is not known; use text or json", output)}
		},
	}
	config.AddFlags(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text (YAML) or json")
	completeWords(cmd, "output", []string{"text", "json"})
	return cmd
}

func newConfigExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print the file of an installed system, every key explained and most commented out",
		Long: `Print the file that the Debian package installs as /etc/joingyd/joingyd.yaml: every
key with its meaning and default, commented out but for what an installed system has
of its own. After an upgrade it shows which keys are new.`,
		Example: "  joingyd config example | diff /etc/joingyd/joingyd.yaml -",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return config.Example(cmd.OutOrStdout()) },
	}
}

func newConfigDocsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs",
		Short:  "Print the reference of every key, in Markdown",
		Hidden: true, // for docs/configuration.md
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return config.Markdown(cmd.OutOrStdout()) },
	}
}
