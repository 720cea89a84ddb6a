package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

func newBansImportCommand(flags *adminFlags) *cobra.Command {
	var req admin.ImportRequest
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Ban what is on a list",
		Long: `Ban what is on a list: plain, CSV, CrowdSec's JSON, or what fail2ban prints. The
format is told from how the list begins, or named with --format; - reads stdin.

A ban lasts as long as the list says, else --for, else bans.default_for. What is
banned for as long already, give or take a minute, is left alone. A line that cannot be a ban, or looks
like a mistake, is refused and said, and the rest goes on; the exit status is 1 if
none could be taken. The note of each ban names the list.

A list that breaks off leaves what was read of it in force, in steps of 10,000
bans; importing it again makes the rest.`,
		Example: `  joingyd bans import drop.txt --for 7d --dry-run
  cscli decisions list -o json -l 0 | joingyd bans import -
  fail2ban-client get sshd banip --with-time | joingyd bans import - --reason "abuse"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Own = ownAddresses()
			from, name, err := openInput(cmd, args[0])
			if err != nil {
				return flags.refuse(cmd, err)
			}
			defer from.Close()
			req.Name = harmless(name)
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			flags.makesStore = !req.DryRun
			var result admin.ImportResult
			err = askLong(cmd, flags, func(ctx context.Context, c control) (admin.ImportResult, error) {
				var err error
				result, err = c.Import(ctx, req, from)
				return result, err
			}, func(w io.Writer, result admin.ImportResult) error {
				return printImport(w, req, result, !flags.offline)
			})
			if err == nil && result.Refused > 0 && result.New+result.Extended+result.Known == 0 {
				err = fmt.Errorf("nothing on %s can be banned; see why its lines are refused", name)
			}
			return err
		},
	}
	cmd.Flags().StringVar((*string)(&req.Format), "format", "", fmt.Sprintf("format of the list, one of %v (default: told from how it begins)", list.Readable()))
	completeWords(cmd, "format", list.Readable())
	cmd.Flags().StringVar((*string)(&req.Scope), "scope", string(ban.ScopeAll), "what to keep out of, where the list does not say")
	completeWords(cmd, "scope", ban.Scopes())
	cmd.Flags().StringVar(&req.For, "for", "", "how long, such as 24h or 7d, where the list does not say")
	cmd.Flags().BoolVar(&req.Permanent, "permanent", false, "until somebody ends it, where the list does not say")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "shown to the visitors, where the list has none")
	cmd.Flags().StringVar(&req.Note, "note", "", "for admins only, before the name of the list; at most 500 characters")
	cmd.Flags().BoolVar(&req.KeepAddress, "keep-address", false, "store the addresses in clear beside the hashes, so that bans list and export have them")
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "change nothing, say what would happen")
	cmd.Flags().BoolVar(&req.Force, "force", false, "allow bans that look like a mistake")
	return cmd
}

func printImport(w io.Writer, req admin.ImportRequest, r admin.ImportResult, live bool) error {
	p := &printer{w: w}
	made, ended := "made", "ended"
	if r.DryRun {
		made, ended = "would be made", "would end"
	}
	p.printf("%s %s (%s): %s new, %s longer than before\n", count(r.New+r.Extended, "ban"), made, r.Format, thousands(r.New), thousands(r.Extended))
	if r.Permanent > 0 {
		p.printf("%s of them permanent\n", thousands(r.Permanent))
	}
	if lasts, err := time.ParseDuration(r.For); err == nil && r.NoEnd > 0 && req.For == "" {
		p.printf("%s of them for %s, the default: the list names no end; --for and --permanent change it\n", thousands(r.NoEnd), about(lasts))
	}
	if r.Allowed > 0 {
		p.printf("%s of them in vain: the allowlist wins\n", thousands(r.Allowed))
	}
	p.printf("%s known already, %s refused\n", thousands(r.Known), thousands(r.Refused))
	printRefusals(p, r)
	if live {
		p.printf("%s %s\n", ended, count(r.EndedSessions, "live session"))
	}
	return p.err
}

// printRefusals names the first lines and, if there are more, the reasons of all.
func printRefusals(p *printer, r admin.ImportResult) {
	for _, refusal := range r.Refusals {
		p.printf("  line %d: %s\n", refusal.Line, refusal.Why)
	}
	if r.Refused == len(r.Refusals) {
		return
	}
	p.printf("  and so on; in all:\n")
	for _, reason := range r.Reasons {
		p.printf("  %s: %s\n", count(reason.Lines, "line"), reason.Why)
	}
}
