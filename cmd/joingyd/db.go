package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

func newDBCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "db",
		Short:   "Check the ban store",
		Example: "  joingyd db check",
	}
	cmd.AddCommand(newDBCheckCommand())
	return cmd
}

func newDBCheckCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Read all of the ban store, and say what is wrong with it",
		Long: `Read all of the ban store, and say what is there and what is wrong with it.
Nothing is changed. The exit status is 1 if there is a problem.

The running daemon reads a copy of its own store. --offline reads that of a data
directory, and FILE any other, such as one that a restore has put aside, with
the keys in the ban.key beside it.`,
		Example: `  joingyd db check
  joingyd db check --offline
  joingyd db check var/joingyd.db.before-restore-20260301T120000Z`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := checkStore(cmd.Context(), &flags, args)
			switch {
			case err != nil:
				return flags.refuse(cmd, err)
			case flags.output == outputJSON:
				err = printJSON(cmd.OutOrStdout(), report)
			default:
				err = printStoreReport(cmd.OutOrStdout(), report)
			}
			if err == nil && len(report.Problems) > 0 {
				err = fmt.Errorf("the ban store has %s; restore a backup with joingyd restore, which keeps this one aside", count(len(report.Problems), "problem"))
			}
			return err
		},
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	return cmd
}

func checkStore(ctx context.Context, flags *adminFlags, args []string) (ban.Report, error) {
	path := filepath.Join(flags.offlineDir(), banStoreFile)
	switch {
	case len(args) == 1 && (flags.offline || flags.socket != "" || flags.dataDir != ""):
		return ban.Report{}, usageError{errors.New("FILE says what to check; leave out --offline, --data-dir and --socket")}
	case len(args) == 1:
		path = args[0]
	case !flags.offline:
		return askControl(ctx, flags, func(ctx context.Context, c control) (ban.Report, error) {
			return c.CheckStore(ctx)
		})
	case flags.socket != "":
		return ban.Report{}, errSocketOffline
	}
	if _, err := os.Stat(path); err != nil {
		return ban.Report{}, fmt.Errorf("%w; name the data directory with --offline --data-dir, or the file", err)
	}
	keys, err := loadBanKeys(filepath.Dir(path), config.LoadSecrets)
	if errors.Is(err, os.ErrNotExist) {
		return ban.Report{}, fmt.Errorf("%w; put the key file beside %s that it was made with", err, path)
	}
	if err != nil {
		return ban.Report{}, err
	}
	report, err := ban.VerifyFile(path, keys)
	if errors.Is(err, ban.ErrLocked) && len(args) == 1 {
		return report, fmt.Errorf("a daemon has %s open; leave it out, and the daemon checks it", path)
	}
	return report, flags.locked(err)
}

func printStoreReport(w io.Writer, r ban.Report) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("schema\t%d\nbans\t%d\nhistory\t%d\nallowed\t%d\nbytes\t%d\n", r.Schema, r.Bans, r.History, r.Allowed, r.Bytes)
	if r.Logged > 0 {
		p.printf("logged\t%d for other nodes\n", r.Logged)
	}
	if r.Unlogged > 0 {
		p.printf("unlogged\t%d, which the next start tells the other nodes\n", r.Unlogged)
	}
	if len(r.Problems) == 0 {
		p.printf("problems\tnone\n")
	}
	for _, problem := range r.Problems {
		p.printf("problem\t%s\n", harmless(problem))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}
