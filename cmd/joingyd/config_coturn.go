package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config/coturn"
)

func newConfigImportCoturnCommand() *cobra.Command {
	var options coturn.Options
	cmd := &cobra.Command{
		Use:   "import-coturn FILE",
		Short: "Translate coturn's turnserver.conf, and say of each line what became of it",
		Long: `Translate coturn's turnserver.conf. What is printed is a configuration for an
ordinary TURN server (turn.relay: open), with a comment on every line that was
read: taken over, so here anyway, or why there is nothing like it and what to do
instead.

Shared secrets and users' passwords are not printed. They are written into files
of mode 0600 where --secret-file and --users-file say so, which have to belong to
the daemon's user.

FILE may be - for standard input.`,
		Example: `  joingyd config import-coturn /etc/turnserver.conf > joingyd.yaml
  joingyd config import-coturn /etc/turnserver.conf --secret-file /etc/joingyd/turn.secret > joingyd.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			input, name, err := openInput(cmd, args[0])
			if err != nil {
				return err
			}
			defer input.Close()
			if options.Own, err = ownAddrs(); err != nil {
				return err
			}
			t, err := coturn.Translate(input, options)
			if err != nil {
				return fmt.Errorf("%s: %w; is it a turnserver.conf?", name, err)
			}
			if err := writeCoturnFiles(t, options); err != nil {
				return err
			}
			if err := t.Write(cmd.OutOrStdout(), name); err != nil {
				return err
			}
			return printCoturnSummary(cmd.ErrOrStderr(), t, options)
		},
	}
	cmd.Flags().StringVar(&options.SecretFile, "secret-file", "", "write the shared secret into this file, and further ones beside it")
	cmd.Flags().StringVar(&options.UsersFile, "users-file", "", "write the users with their passwords into this file")
	return cmd
}

// writeCoturnFiles writes what was asked for. A file that is there with another
// content is left alone, and that is an error.
func writeCoturnFiles(t coturn.Translation, o coturn.Options) error {
	for _, group := range []struct {
		asked bool
		files map[string]string
	}{{o.SecretFile != "", t.SecretFiles()}, {o.UsersFile != "", t.UsersFiles()}} {
		if !group.asked {
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(group.files)) {
			if err := writePrivate(path, []byte(group.files[path])); err != nil {
				return err
			}
		}
	}
	return nil
}

func writePrivate(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if there, readErr := os.ReadFile(path); readErr == nil && bytes.Equal(there, text) {
			return nil
		}
		return fmt.Errorf("%s: is there already, with another content; move it away, or name another file", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// printCoturnSummary says beside the configuration what is left to do.
func printCoturnSummary(w io.Writer, t coturn.Translation, o coturn.Options) error {
	p := &printer{w: w}
	p.printf("%s: %d taken over, %d so here anyway, %d differ, %d with nothing like it here, %d wrong, %d unknown: the comments say each.\n",
		count(t.Lines(), "option"), t.Count(coturn.Taken), t.Count(coturn.Same), t.Count(coturn.Differs), t.Count(coturn.None), t.Count(coturn.Wrong), t.Count(coturn.Unknown))
	for _, group := range []struct {
		asked bool
		flag  string
		files map[string]string
	}{{o.SecretFile != "", "--secret-file", t.SecretFiles()}, {o.UsersFile != "", "--users-file", t.UsersFiles()}} {
		for _, path := range slices.Sorted(maps.Keys(group.files)) {
			if group.asked {
				p.printf("%s is written, mode 0600; the daemon's user has to own it: chown joingyd %s\n", path, path)
			} else {
				p.printf("%s is not written: %s FILE writes it, or copy what belongs there yourself.\n", path, group.flag)
			}
		}
	}
	return p.err
}
