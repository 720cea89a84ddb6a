package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/audit"
)

func newAuditCommand() *cobra.Command {
	var from auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read and check the record of who judged and who saw what",
		Long: `Read and check the record of who judged what, and who saw which evidence. Each entry
is bound to the one before by a hash, so that none can be changed, moved or left out
unseen. Its files are in the data directory, and are read there.`,
		Example: "  joingyd audit list\n  joingyd audit verify --heads /mnt/elsewhere/heads",
	}
	cmd.PersistentFlags().StringVar(&from.dataDir, "data-dir", "", "data directory (default: "+dataDirs+")")
	from.addOutput(cmd)
	cmd.AddCommand(newAuditListCommand(&from), newAuditVerifyCommand(&from))
	return cmd
}

// auditFlags say where the log is and how to print.
type auditFlags struct{ adminFlags }

func (f *auditFlags) dir() (string, error) {
	dir := filepath.Join(dataDir(f.dataDir), auditDir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("there is no audit log %s; name the data directory with --data-dir", dir)
	}
	return dir, nil
}

func newAuditListCommand(from *auditFlags) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the last entries",
		Long: `List the last entries. Each node of a site has a log of its own: with --node the daemon
asks another for its entries, which are not checked then.`,
		Example: "  joingyd audit list\n  joingyd audit list --limit 0 -o json\n  joingyd audit list --node node-2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return from.refuse(cmd, usageError{fmt.Errorf("--limit is %d; write how many at most, or 0 for all", limit)})
			}
			if from.node != "" {
				return askLong(cmd, &from.adminFlags, func(ctx context.Context, c control) (admin.AuditList, error) {
					return c.AuditLog(ctx, limit)
				}, printAudit)
			}
			list, err := readAudit(from, limit)
			switch {
			case err != nil:
				return from.refuse(cmd, err)
			case from.output == outputJSON:
				return printJSON(cmd.OutOrStdout(), list)
			}
			return printAudit(cmd.OutOrStdout(), list)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "list at most so many; 0 lists all")
	from.addSocket(cmd)
	return cmd
}

// readAudit returns the last entries, at most limit; 0 stands for all.
func readAudit(from *auditFlags, limit int) (list admin.AuditList, err error) {
	dir, err := from.dir()
	if err != nil {
		return list, err
	}
	if list.Entries, list.Total, err = audit.Last(dir, limit); err != nil {
		err = fmt.Errorf("%w; joingyd audit verify tells more", err)
	}
	return list, err
}

func printAudit(w io.Writer, list admin.AuditList) error {
	if list.Total == 0 {
		_, err := fmt.Fprintln(w, "no entries")
		return err
	}
	err := printTable(w, func(p *printer) {
		p.printf("SEQ\tAT\tBY\tDID\tON\tDETAILS\n")
		for _, e := range list.Entries {
			p.printf("%d\t%s\t%s\t%s\t%s\t%s\n", e.Seq, timeText(e.At), e.By, e.Did, e.On, detailsText(e.Details))
		}
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s entries", thousands(list.Total))
	if list.Total == 1 {
		text = "1 entry"
	}
	if shown := len(list.Entries); shown < list.Total {
		text = thousands(shown) + " of " + text
	}
	_, err = fmt.Fprintln(w, text)
	return err
}

func detailsText(details map[string]string) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		texts = append(texts, name+"="+details[name])
	}
	return strings.Join(texts, " ")
}

// auditVerdict is what a check of the log has found.
type auditVerdict struct {
	Entries  uint64 `json:"entries"`
	Head     string `json:"head,omitempty"`     // hash of the last
	Heads    int    `json:"heads"`              // exported before, that are in the chain
	Unproven int    `json:"unproven,omitempty"` // that should be, and are not
	Problem  string `json:"problem,omitempty"`
}

func newAuditVerifyCommand(from *auditFlags) *cobra.Command {
	var heads string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no entry was changed, moved or left out",
		Long: `Check that no entry was changed, moved or left out. A log that was written anew as a
whole, or whose end was cut off, shows only against heads that were exported before to
where its writer cannot write (moderation.audit_heads); name their file with --heads.
The exit status is 1 if something is wrong.`,
		Example: "  joingyd audit verify\n  joingyd audit verify --heads /mnt/elsewhere/heads",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			verdict, problem, err := verifyAudit(from, heads)
			if err != nil {
				return from.refuse(cmd, err)
			}
			if from.output == outputJSON {
				err = printJSON(cmd.OutOrStdout(), verdict)
			} else if problem == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s entries verify, and so do %s exported heads\nhead %d %s\n",
					thousands(int(verdict.Entries)), thousands(verdict.Heads), verdict.Entries, verdict.Head)
			}
			if err != nil {
				return err
			}
			return problem
		},
	}
	cmd.Flags().StringVar(&heads, "heads", "", "file with heads that were exported before")
	return cmd
}

// verifyAudit returns what was found, and what is wrong with the log, if anything.
func verifyAudit(from *auditFlags, headsFile string) (verdict auditVerdict, problem, err error) {
	dir, err := from.dir()
	if err != nil {
		return verdict, nil, err
	}
	var heads []audit.Head
	if headsFile != "" {
		file, err := os.Open(headsFile)
		if err != nil {
			return verdict, nil, err
		}
		defer file.Close()
		if heads, err = audit.ReadHeads(file); err != nil {
			return verdict, nil, fmt.Errorf("%s: %w", headsFile, err)
		}
	}
	report, err := audit.Verify(dir, heads)
	if err != nil {
		return verdict, nil, err
	}
	verdict = auditVerdict{Entries: report.Entries, Heads: report.Proven, Unproven: len(report.Unproven)}
	if report.Head.Seq > 0 {
		verdict.Head = report.Head.Hash.String()
	}
	if problem = report.Err(); problem != nil {
		verdict.Problem = problem.Error()
	}
	return verdict, problem, nil
}
