package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

// initResult is the key files after keys init.
type initResult struct {
	Files []initFile `json:"files"`
}

type initFile struct {
	For  admin.KeyPurpose `json:"for"`
	Path string           `json:"path"`
	Made bool             `json:"made"` // else it was there
}

func newKeysInitCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "init [ban|relay|age|visits|disclosure]…",
		Short: "Make the key files that are missing, ahead of the first start",
		Long: `Make the key files that are missing from a data directory, ahead of the daemon's
first start, which makes them too: those of bans, of relay credentials and of receipts of
visits, or those that are named. It replaces nothing, and may be run again at any time. What root
makes belongs to the directory's owner.

Use it to have the keys elsewhere than the data: make them there, and have systemd
hand them out as credentials (LoadCredential=ban.key:/PATH/ban.key).`,
		Example:   "  joingyd keys init --data-dir /var/lib/joingyd\n  joingyd keys init ban relay age visits disclosure --data-dir /mnt/keys",
		Args:      cobra.OnlyValidArgs,
		ValidArgs: texts(admin.KeyPurposes()),
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.socket != "" {
				return flags.refuse(cmd, usageError{errors.New("--socket asks a daemon, which has made its keys; leave it out")})
			}
			purposes := []admin.KeyPurpose{admin.KeyBan, admin.KeyRelay, admin.KeyVisits}
			if len(args) > 0 {
				purposes = slices.DeleteFunc(admin.KeyPurposes(), func(p admin.KeyPurpose) bool { return !slices.Contains(args, string(p)) })
			}
			result, err := initKeys(flags.offlineDir(), purposes)
			switch {
			case err != nil:
				return flags.refuse(cmd, err)
			case flags.output == outputJSON:
				return printJSON(cmd.OutOrStdout(), result)
			}
			return printInit(cmd.OutOrStdout(), result)
		},
	}
}

// initKeys makes the key files that are missing. All that is there is looked at before
// anything is made.
func initKeys(dir string, purposes []admin.KeyPurpose) (result initResult, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return result, fmt.Errorf("data directory: %w; name another with --data-dir", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return result, err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return result, fmt.Errorf("data directory %s: mode %04o lets others put keys there; run: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	for _, purpose := range purposes {
		file := initFile{For: purpose, Path: filepath.Join(dir, keyFileNames[purpose])}
		switch err := loadKeyFile(purpose, file.Path); {
		case errors.Is(err, fs.ErrNotExist) && fileExists(file.Path):
			return result, fmt.Errorf("%s is a link to a file that is not there: %w; mount its disk, or remove the link", file.Path, err)
		case errors.Is(err, fs.ErrNotExist):
			file.Made = true
		case err != nil:
			return result, err
		}
		result.Files = append(result.Files, file)
	}
	for _, file := range result.Files {
		if file.Made && file.For == admin.KeyBan && fileExists(filepath.Join(dir, banStoreFile)) {
			return initResult{}, fmt.Errorf("%s has a ban store and not its key; put the key file %s back that the store was made with", dir, banKeyFile)
		}
	}
	for _, file := range result.Files {
		if _, err := config.LoadOrCreateSecrets(file.Path); err != nil {
			return initResult{}, err
		}
	}
	return result, nil
}

// loadKeyFile reads a key file as the daemon does, to see whether it is good.
func loadKeyFile(purpose admin.KeyPurpose, path string) error {
	if purpose == admin.KeyRelay || purpose == admin.KeyDisclosure {
		_, err := config.LoadSecret(path)
		return err
	}
	_, err := config.LoadSecrets(path)
	return err
}

func printInit(w io.Writer, result initResult) error {
	p := &printer{w: w}
	for _, file := range result.Files {
		if file.Made {
			p.printf("made %s (%s)\n", file.Path, file.For)
		} else {
			p.printf("%s is there (%s)\n", file.Path, file.For)
		}
	}
	return p.err
}
