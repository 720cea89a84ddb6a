package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/moderate/evidence"
)

func newDiscloseVerifyCommand(flags *adminFlags) *cobra.Command {
	var identities []string
	var key string
	var text bool
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a bundle: that it is whole, and signed",
		Long: `Check a bundle: that it is whole, that nothing in it was changed, and that it was signed
with the key that it names. Whether that is the site's key only somebody else can tell than
the bundle: ask the site (joingyd disclose key) and compare, or name it with --key.
It needs no daemon. The exit status is 1 if something is wrong.`,
		Example: `  joingyd disclose verify 26-1402.age --identity police.key --text
  joingyd disclose verify 26-1402.tar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := readIdentities(cmd, identities)
			var bundle *disclosure.Bundle
			if err == nil {
				bundle, err = readBundle(args[0], keys)
			}
			if err == nil && key != "" && !strings.EqualFold(key, bundle.Manifest.Key) {
				err = fmt.Errorf("%s is signed with %s and not with --key: somebody else made it, or the site has a new key; ask the site", args[0], bundle.Manifest.Key)
			}
			switch {
			case err != nil:
				return flags.refuse(cmd, err)
			case flags.output == outputJSON:
				return printJSON(cmd.OutOrStdout(), bundle.Manifest)
			}
			return printVerified(cmd.OutOrStdout(), bundle, text, key != "")
		},
	}
	cmd.Flags().StringArrayVar(&identities, "identity", nil, "file with the private key that the bundle is sealed to")
	cmd.Flags().StringVar(&key, "key", "", "the site's public key, 64 hexadecimal digits")
	cmd.Flags().BoolVar(&text, "text", false, "print what the bundle tells")
	return cmd
}

func readBundle(name string, keys []evidence.Identity) (*disclosure.Bundle, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 2*disclosure.MaxBundle))
	if err != nil {
		return nil, err
	}
	if evidence.Sealed(data) {
		if len(keys) == 0 {
			return nil, usageError{errors.New("the bundle is sealed; name the file with the private key with --identity")}
		}
		switch data, err = evidence.OpenFile(data, keys...); {
		case errors.Is(err, evidence.ErrWrongKey):
			return nil, fmt.Errorf("%s: none of the keys opens it: it was sealed for others, or its beginning was changed", name)
		case err != nil:
			return nil, fmt.Errorf("%s: it was cut off or changed since it was sealed; ask for it again", name)
		}
	}
	bundle, err := disclosure.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return bundle, nil
}

func printVerified(w io.Writer, b *disclosure.Bundle, text, known bool) error {
	p := &printer{w: w}
	p.printf("disclosure %s is whole, and signed with %s\n", b.Manifest.ID, b.Manifest.Key)
	if !known {
		p.printf("ask the site whether that is its key\n")
	}
	p.printf("%s, %s, %s\n", count(len(b.Manifest.Rows), "row"), count(len(b.Manifest.Bans), "ban"), count(len(b.Manifest.Reports), "report"))
	if text {
		p.printf("\n")
		for line := range strings.Lines(b.Text()) {
			p.printf("%s\n", quoteControls(strings.TrimSuffix(line, "\n")))
		}
	}
	return p.err
}
