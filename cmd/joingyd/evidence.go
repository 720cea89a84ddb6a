package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/evidence"
)

func newEvidenceCommand() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:     "evidence",
		Short:   "Look at what was said and seen in a case",
		Example: "  joingyd evidence open k7m2x4q6 --identity moderator.key",
	}
	flags.add(cmd)
	cmd.AddCommand(newEvidenceOpenCommand(&flags))
	return cmd
}

func newEvidenceOpenCommand(flags *adminFlags) *cobra.Command {
	var identities []string
	var out string
	var addresses bool
	cmd := &cobra.Command{
		Use:   "open CASE|REPORT",
		Short: "Show the evidence of a case",
		Long: `Show what was said and seen in a case: the chat's last lines, the reporter's note and,
with --addresses, the addresses of who was reported. Who looks is written into the audit log.

Where the site has keys for its moderators (moderation.recipients), evidence is sealed,
and this command opens it with the private key of one of them, from a file that
age-keygen made; a file that is protected by a passphrase asks for it. The key is read
by this command alone and never sent to the daemon: run it on your own machine, with
--socket on one that ssh -L brings there.`,
		Example: `  joingyd evidence open k7m2x4q6
  joingyd evidence open k7m2x4q6 --identity ~/moderator.key --out k7m2x4q6`,
		Args: cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeCases(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := readIdentities(cmd, identities)
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (openedEvidence, error) {
				list, err := c.Evidence(ctx, admin.EvidenceRequest{Case: args[0]})
				if err != nil {
					return openedEvidence{}, err
				}
				opened, err := openEvidence(list, keys)
				if err == nil && out != "" {
					err = opened.save(out)
				}
				return opened, err
			}, func(w io.Writer, e openedEvidence) error {
				return printEvidence(w, e, addresses)
			})
		},
	}
	cmd.Flags().StringArrayVar(&identities, "identity", nil, "file with a moderator's private key; may be given several times")
	cmd.Flags().BoolVar(&addresses, "addresses", false, "show the addresses too: to ban or to judge nobody needs them")
	cmd.Flags().StringVar(&out, "out", "", "directory to make, and to write each part into as a file")
	return cmd
}

// openedEvidence is what there is of a case, in clear.
type openedEvidence struct {
	Case  string               `json:"case"`
	Parts []admin.EvidencePart `json:"parts"`
}

// readIdentities reads private keys from files.
func readIdentities(cmd *cobra.Command, files []string) (keys []evidence.Identity, err error) {
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--identity: %w", err)
		}
		some, err := evidence.ParseIdentities(bytes.NewReader(text), askPassphrase(cmd, name))
		if err != nil {
			return nil, fmt.Errorf("--identity %s: %w", name, err)
		}
		keys = append(keys, some...)
	}
	return keys, nil
}

// askPassphrase returns what asks for a file's passphrase, or nil where nobody can be
// asked.
func askPassphrase(cmd *cobra.Command, name string) func() (string, error) {
	tty, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(tty.Fd()) {
		return nil
	}
	return func() (string, error) {
		fmt.Fprintf(cmd.ErrOrStderr(), "Passphrase of %s: ", name)
		text, err := term.ReadPassword(tty.Fd())
		fmt.Fprintln(cmd.ErrOrStderr())
		return string(text), err
	}
}

// openEvidence opens what is sealed.
func openEvidence(list admin.EvidenceList, keys []evidence.Identity) (openedEvidence, error) {
	opened := openedEvidence{Case: list.Case, Parts: list.Parts}
	if len(list.Sealed) > 0 && len(keys) == 0 {
		return opened, usageError{errors.New("the evidence is sealed; name the file with your private key with --identity")}
	}
	for _, file := range list.Sealed {
		document, err := evidence.Open(bytes.NewReader(file.Data), keys...)
		if err != nil {
			return opened, fmt.Errorf("%s: %w", file.ID, err)
		}
		if document.Case != list.Case {
			return opened, fmt.Errorf("%s: was sealed for case %s, and is given out as of %s", file.ID, document.Case, list.Case)
		}
		for _, part := range document.Parts {
			data := part.Data
			if part.Text != "" {
				data = []byte(part.Text)
			}
			opened.Parts = append(opened.Parts, admin.EvidencePart{Name: part.Name, Type: part.Type, At: part.At, Data: data})
		}
	}
	return opened, nil
}

// save writes each part into a new directory.
func (e openedEvidence) save(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for i, part := range e.Parts {
		ending := ".bin"
		if endings, err := mime.ExtensionsByType(part.Type); err == nil && len(endings) > 0 {
			ending = endings[len(endings)-1]
		}
		name := fmt.Sprintf("%02d-%s%s", i+1, filepath.Base(part.Name), ending)
		if err := os.WriteFile(filepath.Join(dir, name), part.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func printEvidence(w io.Writer, e openedEvidence, addresses bool) error {
	if len(e.Parts) == 0 {
		_, err := fmt.Fprintln(w, "nothing is kept of this case: it is decided, or the daemon was restarted and has no keys to seal evidence for (moderation.recipients)")
		return err
	}
	p := &printer{w: w}
	for i, part := range e.Parts {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("%s, %s:\n", part.Name, timeText(part.At))
		lines := partLines(part)
		if part.Name == "addresses" && !addresses {
			lines = []string{fmt.Sprintf("%d; --addresses shows them", len(lines))}
		}
		for _, line := range lines {
			p.printf("  %s\n", line)
		}
	}
	return p.err
}

// partLines returns what a part says, fit for a terminal: nothing of what visitors
// wrote gets there but as text.
func partLines(part admin.EvidencePart) (lines []string) {
	switch {
	case part.Name == "chat":
		var chat []shownLine
		if json.Unmarshal(part.Data, &chat) == nil {
			for _, line := range chat {
				lines = append(lines, fmt.Sprintf("%s %-8s  %s", line.At.UTC().Format(time.TimeOnly), line.From, quoteControls(line.Body)))
			}
			return lines
		}
	case part.Type == "application/json":
		var text string
		if json.Unmarshal(part.Data, &text) == nil {
			for line := range strings.SplitSeq(text, "\n") {
				lines = append(lines, quoteControls(line))
			}
			return lines
		}
		var list []string
		if json.Unmarshal(part.Data, &list) == nil {
			for _, text := range list {
				lines = append(lines, quoteControls(text))
			}
			return lines
		}
	}
	return []string{fmt.Sprintf("%s, %s bytes; --out writes it into a file", part.Type, thousands(len(part.Data)))}
}

// quoteControls escapes what a terminal would act upon.
func quoteControls(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}
