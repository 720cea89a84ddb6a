package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newRestoreCommand() *cobra.Command {
	var flags adminFlags
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "restore FILE|-",
		Short: "Put a backup in the place of what is there, while no daemon runs",
		Long: `Put the bans and keys of a backup in the place of those in the data directory, and its
cases, evidence, known images and audit log, if it has them. Requests for data, holds,
disclosures and figures of days are put together with those that are there: nothing that is
owed to anybody is lost. The backup is read to its
end and checked first; one that is damaged, or whose stores are of a newer joingyd,
changes nothing. No daemon may run.

The store that was there, damaged or not, is kept beside the new one as
joingyd.db.before-restore-TIME, and so is the rest; the keys that were there stay in
ban.key behind those of the backup. - reads stdin.`,
		Example: `  joingyd restore bans.tar --dry-run
  joingyd restore bans.tar --data-dir ./var
  joingyd restore - < bans.tar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, _, err := openInput(cmd, args[0])
			if err != nil {
				return flags.refuse(cmd, err)
			}
			defer from.Close()
			result, err := restoreFrom(from, dataDir(flags.dataDir), dryRun)
			switch {
			case err != nil:
				return flags.refuse(cmd, fmt.Errorf("%s: %w", args[0], err))
			case flags.output == outputJSON:
				return printJSON(cmd.OutOrStdout(), result)
			}
			return printRestore(cmd.OutOrStdout(), dataDir(flags.dataDir), result)
		},
	}
	flags.addOutput(cmd)
	cmd.Flags().StringVar(&flags.dataDir, "data-dir", "", "data directory (default: "+dataDirs+")")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check the backup, and change nothing")
	return cmd
}

// restoreResult is what a restore has done, or in a dry run would do.
type restoreResult struct {
	Backup  admin.Manifest `json:"backup"`
	Bans    int            `json:"bans"`                       // in the store; those that have expired are swept later
	Kept    []string       `json:"kept,omitempty"`             // files and directories that were put aside
	Audit   string         `json:"audit,omitempty"`            // what is wrong with the backup's audit log
	Again   []string       `json:"erased_again,omitempty"`     // erasures since the backup, which the next start does again
	Lost    []string       `json:"erasures_lost,omitempty"`    // those of whom it is not known any more
	Unknown bool           `json:"erasures_unknown,omitempty"` // there was nothing that tells of any
	DryRun  bool           `json:"dry_run,omitempty"`
}

func restoreFrom(r io.Reader, dir string, dryRun bool) (result restoreResult, err error) {
	result.DryRun = dryRun
	place := ""
	if !dryRun {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return result, err
		}
		place = dir // where it can be renamed
	}
	draft, err := os.MkdirTemp(place, ".restore-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(draft)) }()
	if result.Backup, err = admin.Unpack(r, draft); err != nil {
		return result, err
	}
	keys, bans, err := checkDraft(draft)
	if err == nil {
		result.Audit, err = checkModeration(draft)
	}
	if err == nil {
		err = checkOwed(draft)
	}
	if err != nil || dryRun {
		result.Bans = bans
		return result, err
	}
	result.Bans = bans
	swap := &swap{dir: dir, draft: draft, keys: keys, now: asideTime(dir), made: result.Backup.Created}
	err = swap.run()
	result.Kept, result.Again, result.Lost, result.Unknown = swap.kept, swap.erasures.Again, swap.erasures.Lost, swap.unknown
	return result, err
}

func printRestore(w io.Writer, dir string, result restoreResult) error {
	p := &printer{w: w}
	m := result.Backup
	p.printf("the backup of %s, made by joingyd %s, is whole: %s\n", timeText(m.Created), harmless(m.Version), count(result.Bans, "ban"))
	if text := moderationText(m); text != "" {
		p.printf("with %s\n", text)
	}
	if result.Audit != "" {
		p.printf("its audit log does not verify: %s\n", harmless(result.Audit))
	}
	if result.DryRun {
		p.printf("nothing was changed; without --dry-run it would take the place of what is in %s\n", dir)
		return p.err
	}
	p.printf("it is now in %s\n", dir)
	for _, path := range result.Kept {
		p.printf("kept what was there as %s; delete it when you do not need it\n", path)
	}
	if len(result.Again) > 0 {
		p.printf("erased since the backup, and erased again when the daemon starts: %s\n", strings.Join(result.Again, ", "))
	}
	if len(result.Lost) > 0 {
		p.printf("erased since the backup, and back now, since of whom it was is not known any more: %s; use a later backup if there is one\n", strings.Join(result.Lost, ", "))
	}
	if result.Unknown {
		p.printf("what was erased after the backup is back, if anything was: there were no requests here that would tell\n")
	}
	p.printf("start the daemon: systemctl start joingyd.socket joingyd, or joingyd serve\n")
	return p.err
}
