package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newBackupCommand() *cobra.Command {
	var flags adminFlags
	var force bool
	cmd := &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Save the bans, their keys and the moderators' cases, while the daemon runs",
		Long: `Save the ban store and its keys, the cases, their sealed evidence, the known images, the
audit log, requests for data, holds, what authorities were told, the figures of days and the
keys of receipts and bundles into one file. The daemon goes on meanwhile; each of them is as it is at one
moment. joingyd restore reads the file, and with --dry-run says whether it is whole. -
writes to stdout.

Whoever has the file can test whether an address is banned or reported, as whoever has the
data directory can: keep it as private. It has mode 0600. Evidence in it is sealed; what
is in memory only, for want of moderation.recipients, is not in it. What is deleted on the
site is still in older backups: delete those too. The IP log is in none, but for the rows on
hold: its rows end with the keys of their days, and in a backup they would not.`,
		Example: `  joingyd backup bans.tar
  joingyd backup - | age -r age1example > bans.tar.age`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				return backupTo(cmd, &flags)
			}
			if err := freeName(args[0], force); err != nil {
				return flags.refuse(cmd, err)
			}
			return askLong(cmd, &flags, func(ctx context.Context, c control) (admin.Manifest, error) {
				return backupFile(ctx, c, args[0], force)
			}, func(w io.Writer, m admin.Manifest) error {
				return printBackup(w, args[0], m)
			})
		},
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	return cmd
}

// backupTo writes the backup to stdout, and to stderr what it holds.
func backupTo(cmd *cobra.Command, flags *adminFlags) error {
	m, err := askControl(cmd.Context(), flags, func(ctx context.Context, c control) (admin.Manifest, error) {
		return c.Backup(ctx, admin.BackupRequest{}, cmd.OutOrStdout())
	})
	switch {
	case err != nil:
		return err
	case flags.output == outputJSON:
		return printJSON(cmd.ErrOrStderr(), m)
	}
	return printBackup(cmd.ErrOrStderr(), "stdout", m)
}

// backupFile makes the file, whole or not at all.
func backupFile(ctx context.Context, c control, path string, force bool) (m admin.Manifest, err error) {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-") // with mode 0600
	if err != nil {
		return m, err
	}
	defer os.Remove(draft.Name())
	m, err = c.Backup(ctx, admin.BackupRequest{}, draft)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return m, err
	}
	move := os.Link // unlike Rename, never replaces
	if force {
		move = os.Rename
	}
	if err := move(draft.Name(), path); err != nil {
		return m, err
	}
	return m, syncDir(filepath.Dir(path))
}

// freeName says before anything is done that a file is there.
func freeName(path string, force bool) error {
	if _, err := os.Lstat(path); err != nil || force {
		return nil // what is wrong with the directory shows when it is opened
	}
	return fmt.Errorf("%s is there already; choose another name, or replace it with --force", path)
}

func printBackup(w io.Writer, path string, m admin.Manifest) error {
	p := &printer{w: w}
	p.printf("saved %s to %s (%d bytes)\n", count(m.Bans, "ban"), path, m.Bytes())
	if text := moderationText(m); text != "" {
		p.printf("with %s\n", text)
	}
	p.printf("it holds the keys: whoever has it can test whether an address is banned, so keep it private\n")
	return p.err
}

// moderationText says what a backup has besides the bans; "" for nothing.
func moderationText(m admin.Manifest) string {
	if _, ok := m.Files[admin.ArchiveCases]; !ok {
		return ""
	}
	text := fmt.Sprintf("the cases, %s of evidence and %s of the audit log", count(m.Count(admin.ArchiveEvidence), "file"), count(m.Count(admin.ArchiveAudit), "file"))
	if _, ok := m.Files[admin.ArchiveImages]; ok {
		text += ", and the known images"
	}
	if m.Format > 2 {
		text += fmt.Sprintf("\nwith %s for data, what is on hold, and what authorities were told; of the IP log only what is on hold", count(m.Count(admin.ArchiveRequests), "request"))
	}
	return text
}
