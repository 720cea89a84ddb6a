package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/compliance"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate/audit"
)

func newComplianceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "compliance",
		Short:   "Write records for supervisors",
		Example: "  joingyd compliance export --out 2026-11-29",
	}
	cmd.AddCommand(newComplianceExportCommand())
	return cmd
}

func newComplianceExportCommand() *cobra.Command {
	var out, language string
	cmd := &cobra.Command{
		Use:   "export --out DIR",
		Short: "Write settings, figures, retention, keys and checklists into a directory",
		Long: `Write dated records into a new directory: settings without secrets, figures, what is kept
for how long, public keys, the head of the audit log, a template of a risk assessment, and
checklists for the UK Online Safety Act, the EU's Digital Services Act, GDPR and the CCPA:
what the software does for each duty, and what remains with you. It is no legal advice.

The settings are those of the configuration that this command is given, as joingyd serve
is; the rest is the running daemon's.`,
		Example: "  joingyd compliance export --config /etc/joingyd/joingyd.yaml --out 2026-11-29",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case out == "":
				return usageError{errors.New("--out is missing; name a directory to make")}
			case language != "en":
				return usageError{fmt.Errorf("--lang is %q; the texts are in English only: write en", language)}
			}
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return exportCompliance(cmd, c, out)
		},
	}
	config.AddFlags(cmd.Flags())
	cmd.Flags().StringVar(&out, "out", "", "directory to make, and to write into")
	cmd.Flags().StringVar(&language, "lang", "en", "language of the texts: en")
	return cmd
}

// exportCompliance writes the pack.
func exportCompliance(cmd *cobra.Command, c config.Config, out string) error {
	flags := adminFlags{socket: cmp.Or(c.Admin.Socket, filepath.Join(c.DataDir, adminSocketFile))}
	pack, err := askControl(cmd.Context(), &flags, func(ctx context.Context, asked control) (*compliancePack, error) {
		ctx, cancel := context.WithTimeout(ctx, requestTime)
		defer cancel()
		return newPack(ctx, asked, c)
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := pack.write(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s into %s; readme.md says what they are, and what they are not\n", count(len(pack.files), "file"), out)
	return err
}

// compliancePack is files, in their order.
type compliancePack struct {
	files []packFile
	now   time.Time
}

type packFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`

	data []byte
}

func (p *compliancePack) add(name string, data []byte) {
	sum := sha256.Sum256(data)
	p.files = append(p.files, packFile{name, hex.EncodeToString(sum[:]), data})
}

func (p *compliancePack) addJSON(name string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	p.add(name, append(data, '\n'))
	return err
}

// addCSV adds rows, the first of which are the names of the columns.
func (p *compliancePack) addCSV(name string, rows [][]string) error {
	var text bytes.Buffer
	err := csv.NewWriter(&text).WriteAll(rows)
	p.add(name, text.Bytes())
	return err
}

func newPack(ctx context.Context, asked control, c config.Config) (*compliancePack, error) {
	p := &compliancePack{now: time.Now().UTC()}
	for _, name := range []string{compliance.Readme, compliance.RiskAssessment} {
		text, err := compliance.Text(name)
		if err != nil {
			return nil, err
		}
		p.add(name, []byte(text))
	}
	var settings bytes.Buffer
	if err := config.Print(&settings, withoutSecrets(c)); err != nil {
		return nil, err
	}
	p.add("settings.yaml", settings.Bytes())
	figures, err := asked.Transparency(ctx, admin.TransparencyRequest{})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := writeFigures(&text, figures); err != nil {
		return nil, err
	}
	p.add("figures.csv", text.Bytes())
	if err := p.addCSV("retention.csv", retentionRows(c)); err != nil {
		return nil, err
	}
	if err := p.addKeys(ctx, asked, c); err != nil {
		return nil, err
	}
	if err := p.addAudit(c); err != nil {
		return nil, err
	}
	return p, p.addChecklists()
}

// withoutSecrets leaves out of settings what somebody may have put into a URL.
func withoutSecrets(c config.Config) config.Config {
	for _, url := range []*string{&c.Moderation.Classifier, &c.Age.Page, &c.Age.Check} {
		if scheme, rest, ok := strings.Cut(*url, "://"); ok {
			host, path, _ := strings.Cut(rest, "/")
			if _, after, has := strings.Cut(host, "@"); has {
				host = after
			}
			path, _, _ = strings.Cut(path, "?")
			*url = scheme + "://" + host + "/" + path
		}
	}
	return c
}

// retentionRows is what is kept, where and how long: the sweeper's table.
func retentionRows(c config.Config) [][]string {
	rows := [][]string{{"store", "what", "where", "how long"}}
	for _, kept := range (&daemon{cfg: c}).retention() {
		rows = append(rows, []string{kept.store, kept.what, kept.where, strings.ReplaceAll(kept.long, "`", "")})
	}
	return rows
}

// packKeys is who can open and sign what. There is no secret in it.
type packKeys struct {
	Moderators []string `json:"moderators"` // open evidence
	Operator   []string `json:"operator"`   // open the IP log
	Signing    string   `json:"signing"`    // of disclosures, Ed25519
	Ban        int      `json:"ban"`        // how many keys hash addresses
}

func (p *compliancePack) addKeys(ctx context.Context, asked control, c config.Config) error {
	keys, err := asked.Keys(ctx)
	if err != nil {
		return err
	}
	signing, err := asked.DisclosureKey(ctx)
	if err != nil {
		return err
	}
	return p.addJSON("keys.json", packKeys{
		Moderators: append([]string{}, c.Moderation.Recipients...), Operator: append([]string{}, c.Privacy.Recipients...), Signing: signing.Key, Ban: len(keys.Ban),
	})
}

// addAudit adds the head of the audit log, where that can be read.
func (p *compliancePack) addAudit(c config.Config) error {
	report, err := audit.Verify(filepath.Join(c.DataDir, auditDir), nil)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return fmt.Errorf("the audit log: %w; run this as the daemon's user, with its --data-dir", err)
	}
	return p.addJSON("audit.json", map[string]any{"entries": report.Entries, "seq": report.Head.Seq, "head": report.Head.Hash.String()})
}

func (p *compliancePack) addChecklists() error {
	rows := [][]string{{"law", "duty", "source", "what the software does", "shown by", "what remains with the operator"}}
	var all []compliance.Duty
	for _, law := range compliance.Laws() {
		text, err := compliance.Text(law + ".md")
		if err != nil {
			return err
		}
		p.add(law+".md", []byte(text))
		duties, err := compliance.Duties(law)
		if err != nil {
			return err
		}
		all = append(all, duties...)
		for _, d := range duties {
			rows = append(rows, []string{d.Law, d.Duty, d.Source, d.Software, strings.Join(d.Shown, "; "), d.Remains})
		}
	}
	if err := p.addCSV("checklists.csv", rows); err != nil {
		return err
	}
	return p.addJSON("checklists.json", all)
}

// write writes the files, and last the one that names them.
func (p *compliancePack) write(dir string) error {
	manifest := map[string]any{"made": p.now.Format(time.RFC3339), "version": programVersion(), "files": append([]packFile{}, p.files...)}
	if err := p.addJSON("manifest.json", manifest); err != nil {
		return err
	}
	for _, file := range p.files {
		if err := writeNew(filepath.Join(dir, file.Name), file.data); err != nil {
			return err
		}
	}
	return nil
}

func writeNew(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(data))
	return errors.Join(err, file.Sync(), file.Close())
}
