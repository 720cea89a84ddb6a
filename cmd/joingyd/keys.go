package main

import (
	"context"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

func newKeysCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Look at the keys of the hashed addresses, and make a new one",
		Example: "  joingyd keys list\n  joingyd keys rotate",
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.AddCommand(newKeysListCommand(&flags), newKeysRotateCommand(&flags))
	return cmd
}

func newKeysListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys and how many bans need each",
		Long: `List the keys of ban.key, the newest first, and how many bans need each. A key
has a number; the key itself is never shown.`,
		Example: "  joingyd keys list\n  joingyd keys list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.KeyList, error) {
				return c.Keys(ctx)
			}, printKeys)
		},
	}
}

func newKeysRotateCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Make a new key for the bans to come",
		Long: `Make a new key, with which the addresses of new bans are hashed. Bans that
there are go on under the key that they were made with: it stays in ban.key for
as long as one needs it, and the last key until the next rotation. Others are
dropped from the file.

Rotate when somebody may have read ban.key, and now and then. A ban that was
made under a key that is known can be tested for addresses by whoever has the
store, until the ban ends. Make a new backup afterwards.`,
		Example: "  joingyd keys rotate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RotateResult, error) {
				return c.RotateKeys(ctx, admin.RotateRequest{})
			}, printRotation)
		},
	}
}

func printKeys(w io.Writer, list admin.KeyList) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("FOR\tNUMBER\tBANS\tSTATE\n")
	for _, k := range list.Ban {
		p.printf("ban\t%d\t%d\t%s\n", k.Number, k.Bans, keyState(k))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

func keyState(k ban.KeyUse) string {
	switch {
	case k.Current:
		return "current: new bans get it"
	case k.Bans > 0:
		return "kept for its bans"
	default:
		return "not needed: the next rotation may drop it"
	}
}

func printRotation(w io.Writer, result admin.RotateResult) error {
	p := &printer{w: w}
	p.printf("new bans get key %d\n", result.Ban[0].Number)
	if n := len(result.Ban) - 1; n > 0 {
		p.printf("kept %s for the bans before; joingyd keys list shows how many need them\n", count(n, "key"))
	}
	if result.Dropped > 0 {
		p.printf("dropped %s that no ban needed\n", count(result.Dropped, "key"))
	}
	p.printf("make a new backup: those before do not have the new key\n")
	return p.err
}

// loadBanKeys has load read the keys of the store in a data directory.
func loadBanKeys(dir string, load func(string) ([][config.SecretSize]byte, error)) (keys ban.Keys, err error) {
	secrets, err := load(filepath.Join(dir, banKeyFile))
	for _, secret := range secrets {
		keys = append(keys, secret)
	}
	return keys, err
}

// saveBanKeys returns what puts the keys there.
func saveBanKeys(dir string) admin.KeySaver {
	return func(keys ban.Keys) error {
		var secrets [][config.SecretSize]byte
		for _, key := range keys {
			secrets = append(secrets, key)
		}
		return config.SaveSecrets(filepath.Join(dir, banKeyFile), secrets)
	}
}
