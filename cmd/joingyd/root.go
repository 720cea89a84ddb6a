package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

const (
	exitDone    = 0
	exitRefused = 1
	exitUsage   = 2
)

// usageError is a command line that makes no sense, though its flags are right.
type usageError struct{ error }

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "joingyd",
		Short: "Run a random-chat site, and control the running one",
		Long: `joingyd runs a random-chat site: matchmaker, relay and pages in one daemon.
Its other commands talk to the running daemon over its control socket.

The exit status is 0 if it is done, 1 if it was refused or not found, and 2 if
the command line made no sense.`,
		Example: `  joingyd serve
  joingyd ban 203.0.113.7 --for 7d --reason "spam"`,
		Version:       programVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("joingyd {{.Version}}\n")
	root.AddCommand(
		newServeCommand(),
		newSetupCommand(),
		newConfigCommand(),
		newSiteCommand(),
		newBanCommand(),
		newUnbanCommand(),
		newBansCommand(),
		newReportsCommand(),
		newEvidenceCommand(),
		newImagesCommand(),
		newDiscloseCommand(),
		newHoldCommand(),
		newAuditCommand(),
		newTransparencyCommand(),
		newComplianceCommand(),
		newPrivacyCommand(),
		newKickCommand(),
		newSessionsCommand(),
		newRelayCommand(),
		newClusterCommand(),
		newStatusCommand(),
		newStatsCommand(),
		newTopCommand(),
		newBackupCommand(),
		newRestoreCommand(),
		newDBCommand(),
		newKeysCommand(),
		newCheckCommand(),
		newDoctorCommand(),
		newVersionCommand(),
		newManCommand(),
	)
	root.InitDefaultHelpCmd()
	makeGroup(root)
	for _, cmd := range root.Commands() {
		switch {
		case cmd.HasSubCommands() && cmd.RunE == nil:
			makeGroup(cmd)
		case cmd.Name() == "help":
			makeHelp(cmd)
		}
	}
	return root
}

// makeGroup lets a command that only has subcommands refuse unknown ones, and to be
// without one, as kubectl does: a script that forgot it should notice. By default
// it would print its help and count that as done.
func makeGroup(cmd *cobra.Command) {
	if cmd.HasParent() { // the root says by itself what may be meant
		cmd.Args = cobra.NoArgs
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(cmd.ErrOrStderr())
		return usageError{errors.Join(errors.New("a command is missing"), cmd.Help())}
	}
}

// makeHelp lets help refuse what is no command. By default it would say so and
// count that as done.
func makeHelp(cmd *cobra.Command) {
	cmd.Example = "  joingyd help bans list"
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if _, rest, err := cmd.Root().Find(args); err != nil || len(rest) > 0 {
			return fmt.Errorf("there is no command %q", strings.Join(args, " "))
		}
		return nil
	}
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  joingyd version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "joingyd %s\n", programVersion())
			return err
		},
	}
}

// execute runs a command line and returns the exit status. What went wrong is
// one line on stderr.
func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	understood := false // what fails before a command runs is its command line
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	message := oneLine(err.Error())
	_, wrongUsage := errors.AsType[usageError](err)
	if wrongUsage || !understood {
		fmt.Fprintf(stderr, "joingyd: %s; see %s --help\n", message, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(stderr, "joingyd: %s\n", message)
	if refusal, ok := errors.AsType[*admin.Error](err); ok && refusal.Code == admin.CodeInvalid {
		return exitUsage
	}
	return exitRefused
}

func oneLine(text string) string {
	return strings.NewReplacer("\n\nDid", "; did", "\n\n", "; ", "\n\t", " ", "\n", "; ").Replace(strings.TrimSpace(text))
}
