package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/check"
)

func newCheckCommand() *cobra.Command {
	var target check.Target
	output := outputText
	cmd := &cobra.Command{
		Use:   "check [HOST]",
		Short: "Try a site from outside, and say what to do about what fails",
		Long: `Try a site as a visitor's browser would, from any machine: names, certificate,
WebSocket, and the relay over UDP, TCP and TLS, with packets that go through it
and back. For when visitors say that there is no video.

HOST is a URL, a name or an address; without one it is the daemon of this
machine on its defaults. Run it on another machine than the server: what a
firewall does shows only from outside.

The exit status is 1 if something failed. Warnings alone are 0.`,
		Example: `  joingyd check chat.example.org
  joingyd check 192.168.1.10:8443 --insecure
  joingyd check https://chat.example.org -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				if target.Host, err = check.ParseHost(args[0]); err != nil {
					return usageError{err}
				}
			}
			if target.Timeout <= 0 {
				return usageError{errors.New("--timeout must be more than 0, such as 5s")}
			}
			report := check.Run(cmd.Context(), target)
			print := printReport
			if output == outputJSON {
				print = func(w io.Writer, r check.Report) error { return printJSON(w, r) }
			}
			return errors.Join(print(cmd.OutOrStdout(), report), reportError(report))
		},
	}
	cmd.Flags().DurationVar(&target.Timeout, "timeout", check.DefaultTimeout, "how long each step may take")
	cmd.Flags().BoolVar(&target.Insecure, "insecure", false, "take what browsers hold against a certificate, or its lack, as a warning")
	cmd.Flags().VarP(&output, "output", "o", "output: text, or json for one document")
	completeWords(cmd, "output", []outputFormat{outputText, outputJSON})
	return cmd
}

// reportError is what the exit status and stderr say of a report.
func reportError(report check.Report) error {
	n := len(withStatus(report, check.Failed))
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d of %d steps failed", report.Target, n, len(report.Steps))
}

func withStatus(report check.Report, status check.Status) (steps []check.Step) {
	for _, step := range report.Steps {
		if step.Status == status {
			steps = append(steps, step)
		}
	}
	return steps
}

func printReport(w io.Writer, report check.Report) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	for _, step := range report.Steps {
		p.printf("%s\t%s\t%s\n", step.Status, step.Name, step.Detail)
	}
	if p.err != nil {
		return p.err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	p = &printer{w: w}
	todo := append(withStatus(report, check.Failed), withStatus(report, check.Warning)...)
	if len(todo) == 0 {
		p.printf("\n%s works from here.\n", report.Target)
		return p.err
	}
	p.printf("\nWhat to do:\n")
	printed := make(map[string]bool)
	for _, step := range todo {
		if !printed[step.Remedy] {
			p.printf("- %s: %s\n", namesWith(todo, step.Remedy), step.Remedy)
			printed[step.Remedy] = true
		}
	}
	return p.err
}

// namesWith names the steps that have one remedy.
func namesWith(steps []check.Step, remedy string) string {
	var names []string
	for _, step := range steps {
		if step.Remedy == remedy {
			names = append(names, step.Name)
		}
	}
	return strings.Join(names, ", ")
}
