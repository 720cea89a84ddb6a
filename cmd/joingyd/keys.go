package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
)

func newKeysCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Look at the daemon's keys, and make new ones",
		Example: "  joingyd keys list\n  joingyd keys rotate relay",
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.AddCommand(newKeysInitCommand(&flags), newKeysListCommand(&flags), newKeysRotateCommand(&flags))
	return cmd
}

func newKeysListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys, what each is for and what still needs it",
		Long: `List the daemon's keys: those of the hashed addresses (ban), of relay credentials
(relay), of proofs of age (age), of receipts of visits (visits) and that of bundles for
authorities (disclosure), as far as there are any; the current one of each first. A key
is told by the first 8 digits of its SHA-256, a key of bans by a number too. The key
itself is never shown. After them come the other secrets, which no command rotates:
joingyd keys rotate NAME says why, and what to do instead. With --offline those are left
out that the configuration has elsewhere.`,
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
		Use:   "rotate [ban|relay|age|visits|disclosure]",
		Short: "Make a new key for what is to come",
		Long: `Make a new key. Nothing that there is is lost, and no call ends:

ban, which is what rotate means without a name: addresses of new bans are hashed
with it. Bans that there are go on under the key that they were made with: it stays
in ban.key for as long as one needs it, and the last key until the next rotation.
Others are dropped from the file. Where there are several nodes (docs/scaling.md) those
that are there get it too, as they do one for age, and it is said which did not: to one
that is not there copy the file before it starts.

relay: new relay credentials are signed with it. Those given before are good until
they end (turn.credential_lifetime), and calls go on for as long as they last. The
file has the new one alone.

age: new proofs of age are signed with it. Those given before are good until they end.

visits: new receipts of visits are signed with it. Those given before are good until
they end, unless you take the lines of the old keys out of visits.secret and restart.

disclosure: new bundles for authorities are signed with it; tell them the public half
anew. The old key is gone. Its public half, with which bundles made before are checked,
is in the audit log beside the rotation.

Rotate when somebody may have read the file, and now and then. A ban that was made
under a key that is known can be tested for addresses by whoever has the store,
until the ban ends. Make a new backup afterwards. Rotations are written into the
audit log, but not with --offline.`,
		Example:   "  joingyd keys rotate\n  joingyd keys rotate relay",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: texts(admin.KeyPurposes()),
		RunE: func(cmd *cobra.Command, args []string) error {
			var req admin.RotateRequest
			if len(args) == 1 {
				req.For = admin.KeyPurpose(args[0])
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RotateResult, error) {
				return c.RotateKeys(ctx, req)
			}, printRotation)
		},
	}
}

func printKeys(w io.Writer, list admin.KeyList) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("FOR\tNUMBER\tBANS\tKEY\tMADE\tFROM\tSTATE\n")
	for _, k := range list.Keys {
		number, bans, made := "-", "-", "-"
		if k.For == admin.KeyBan {
			number, bans = fmt.Sprint(k.Number), fmt.Sprint(k.Bans)
		}
		if !k.Made.IsZero() {
			made = k.Made.Format(time.RFC3339)
		}
		p.printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.For, number, bans, k.Fingerprint, made, keyPlace(k), keyState(k))
	}
	for _, s := range list.Fixed {
		p.printf("%s\t-\t-\t-\t-\t%s\tnot by command: keys rotate %s says why\n", s.Name, cmp.Or(strings.Join(s.From, ","), "memory"), s.Name)
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

// keyPlace is never empty, so that columns stay columns.
func keyPlace(k admin.Key) string {
	switch {
	case k.From == "":
		return "memory"
	case k.Credential:
		return "credential:" + filepath.Base(k.From)
	default:
		return k.From
	}
}

func keyState(k admin.Key) string {
	news := map[admin.KeyPurpose]string{
		admin.KeyBan: "bans", admin.KeyRelay: "credentials", admin.KeyAge: "proofs", admin.KeyVisits: "receipts", admin.KeyDisclosure: "bundles",
	}[k.For]
	switch {
	case k.Current:
		return "current: new " + news + " get it"
	case k.Bans > 0:
		return "kept for its bans"
	case !k.Until.IsZero():
		return "kept for its " + news + ", until " + k.Until.Format(time.RFC3339)
	case k.For != admin.KeyBan:
		return "kept for its " + news
	default:
		return "not needed: the next rotation may drop it"
	}
}

func printRotation(w io.Writer, result admin.RotateResult) error {
	p := &printer{w: w}
	if result.For == admin.KeyBan || result.For == "" { // a daemon of before knows no other
		printBanRotation(p, result)
		return p.err
	}
	left := 0
	for _, k := range result.Keys {
		switch {
		case k.For != result.For:
		case k.Current:
			p.printf("new %s get key %s\n", map[admin.KeyPurpose]string{
				admin.KeyRelay: "relay credentials", admin.KeyAge: "proofs of age", admin.KeyVisits: "receipts of visits", admin.KeyDisclosure: "bundles for authorities",
			}[k.For], k.Fingerprint)
		default:
			left++
		}
	}
	if result.For == admin.KeyDisclosure {
		p.printf("tell authorities its public half, which joingyd disclose key prints; that of before is in the audit log\n")
		return p.err
	}
	if left > 0 {
		p.printf("kept %s for those given before; joingyd keys list shows for how long\n", count(left, "key"))
	}
	if result.Dropped > 0 {
		p.printf("dropped %s that nothing needed\n", count(result.Dropped, "key"))
	}
	printShared(p, result, "proofs to come are not good there before")
	return p.err
}

func printBanRotation(p *printer, result admin.RotateResult) {
	p.printf("new bans get key %d\n", result.Ban[0].Number)
	if n := len(result.Ban) - 1; n > 0 {
		p.printf("kept %s for the bans before; joingyd keys list shows how many need them\n", count(n, "key"))
	}
	if result.Dropped > 0 {
		p.printf("dropped %s that no ban needed\n", count(result.Dropped, "key"))
	}
	printShared(p, result, "bans to come keep nobody out there before")
	p.printf("make a new backup: those before do not have the new key\n")
}

// printShared says which nodes have a new key, and what to do for those that have not.
func printShared(p *printer, result admin.RotateResult, until string) {
	if len(result.Nodes) > 0 {
		p.printf("other nodes that have it: %s\n", harmless(strings.Join(result.Nodes, ", ")))
	}
	if len(result.Missing) == 0 {
		return
	}
	for _, why := range result.Missing {
		p.printf("not given to a node: %s\n", harmless(why))
	}
	p.printf("copy %s there and restart it: %s\n", keyFileNames[cmp.Or(result.For, admin.KeyBan)], until)
}
