package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/moderate/evidence"
)

// discloseFlags are those of joingyd disclose itself.
type discloseFlags struct {
	adminFlags
	ask        disclosure.Ask
	from, to   string
	include    []string
	identities []string
	recipients []string
	clear      bool
	out        string
}

func newDiscloseCommand() *cobra.Command {
	var flags discloseFlags
	cmd := &cobra.Command{
		Use:   "disclose --session SESSION|--address ADDRESS --from TIME --to TIME --authority TEXT --reference TEXT --out FILE",
		Short: "Tell an authority what it has ordered, in a signed and sealed bundle",
		Long: `Write what there is about one session or one address, in a span of time, into a bundle
for an authority: from which addresses and ports, and when. Nothing else is in it unless
--include names it: events (what happened, in which chat), bans, reports. Whether an order
is lawful, and how far it goes, is for you or your lawyer to judge.

The rows of the IP log are opened here, with your private key (--identity), which is never
sent to the daemon: run this on your own machine, with --socket on one that ssh -L brings
there. The daemon writes into the audit log who asked for what, and signs a digest of the
bundle. The bundle is sealed to the authority's age key (--recipient), or in clear (--clear).

In an emergency, danger to life, there need be no order: --emergency. Then a second person
has to confirm it (joingyd disclose confirm) before the same command, typed again within a
day, makes the bundle.`,
		Example: `  joingyd disclose --session fvk7zq2m5xjd3thn6bwy4lcs2a --from 2026-11-20 --to 2026-11-21 --authority "Police of Example" --reference "5 C 12/26" --identity operator.key --recipient age1… --out 26-1402.age
  joingyd disclose verify 26-1402.age --identity police.key
  joingyd disclose list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.read(); err != nil {
				return flags.refuse(cmd, err)
			}
			job, err := flags.prepare(cmd)
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, &flags.adminFlags, func(ctx context.Context, c control) (disclosed, error) {
				result, err := job.run(ctx, c)
				return result, errors.Join(err, job.end(err == nil))
			}, printDisclosed)
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.ask.Session, "session", "", "whom it is about: a session")
	f.StringVar(&flags.ask.Address, "address", "", "whom it is about: an address (IPv6: its /64)")
	f.StringVar(&flags.from, "from", "", "when it begins: a day, or a time such as 2026-11-20T10:00:00Z")
	f.StringVar(&flags.to, "to", "", "when it ends; a day counts to its end (UTC)")
	f.StringVar(&flags.ask.Authority, "authority", "", "who asks")
	f.StringVar(&flags.ask.Reference, "reference", "", "number of their order")
	f.StringSliceVar(&flags.include, "include", nil, "what else to tell: events, bans, reports")
	f.BoolVar(&flags.ask.Emergency, "emergency", false, "danger to life: no order, but a second person")
	f.StringArrayVar(&flags.identities, "identity", nil, "file with the operator's private key; may be given several times")
	f.StringArrayVar(&flags.recipients, "recipient", nil, "the authority's public key, age1…; may be given several times")
	f.BoolVar(&flags.clear, "clear", false, "do not seal the bundle")
	f.StringVar(&flags.out, "out", "", "file to write, which must not be there yet")
	completeWords(cmd, "include", disclosure.Parts())
	cmd.AddCommand(newDiscloseVerifyCommand(&flags.adminFlags), newDiscloseConfirmCommand(&flags.adminFlags), newDiscloseRefuseCommand(&flags.adminFlags),
		newDiscloseListCommand(&flags.adminFlags), newDiscloseKeyCommand(&flags.adminFlags))
	return cmd
}

// read reads the flags that are not plain texts, and checks what is asked.
func (f *discloseFlags) read() (err error) {
	if f.ask.From, err = parseTime("--from", f.from, false); err != nil {
		return err
	}
	if f.ask.To, err = parseTime("--to", f.to, true); err != nil {
		return err
	}
	f.ask.Include = nil
	for _, part := range f.include {
		f.ask.Include = append(f.ask.Include, disclosure.Part(part))
	}
	if err := f.ask.Validate(time.Now()); err != nil {
		return usageError{err}
	}
	switch {
	case f.out == "":
		return usageError{errors.New("--out is missing; name the file to write")}
	case len(f.recipients) == 0 && !f.clear:
		return usageError{errors.New("the bundle would be in clear; name the authority's public key with --recipient, or say --clear")}
	case len(f.recipients) > 0 && f.clear:
		return usageError{errors.New("--recipient seals the bundle and --clear does not; leave out one of them")}
	}
	return nil
}

// parseTime reads a time, or a day: its beginning or its end.
func parseTime(flag, text string, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			return day.AddDate(0, 0, 1).Add(-time.Second), nil
		}
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usageError{fmt.Errorf("%s is %q; write a day such as 2026-11-20, or a time such as 2026-11-20T10:00:00Z", flag, text)}
	}
	return at.UTC(), nil
}

// prepare reads the keys and makes the file, before anything is asked.
func (f *discloseFlags) prepare(cmd *cobra.Command) (*discloseJob, error) {
	recipients, err := evidence.ParseRecipients(f.recipients)
	if err != nil {
		return nil, usageError{fmt.Errorf("--recipient: %w", err)}
	}
	keys, err := readIdentities(cmd, f.identities)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(f.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("--out: %s is there already; name another file", f.out)
	}
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	if f.clear {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning: the bundle is in clear; hand it over in person or seal it, and delete the file")
	}
	return &discloseJob{ask: f.ask, keys: keys, recipients: recipients, file: file}, nil
}

// disclosed is what was made.
type disclosed struct {
	ID      string `json:"id"`
	File    string `json:"file"`
	Sealed  bool   `json:"sealed"`
	Rows    int    `json:"rows"`
	Bans    int    `json:"bans"`
	Reports int    `json:"reports"`
	Key     string `json:"key"`
	Digest  string `json:"sha256"` // of the manifest
	NoLog   bool   `json:"no_log,omitempty"`
}

func printDisclosed(w io.Writer, d disclosed) error {
	p := &printer{w: w}
	p.printf("disclosure %s: %s, %s, %s\n", d.ID, count(d.Rows, "row"), count(d.Bans, "ban"), count(d.Reports, "report"))
	if d.NoLog {
		p.printf("there is no IP log (privacy.recipients), and the bundle says so\n")
	}
	p.printf("signed with %s\n", d.Key)
	p.printf("wrote %s, %s\n", d.File, map[bool]string{true: "sealed", false: "in clear"}[d.Sealed])
	return p.err
}

func newDiscloseConfirmCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "confirm DISCLOSURE",
		Short: "Confirm, as a second person, that an emergency is one",
		Long: `Confirm, as a second person, that an emergency is one. Look at it with joingyd disclose
list, and ask who asked for it. They cannot confirm it themselves: what counts is the user
at the control socket. Who confirmed is written into the audit log and into the bundle.`,
		Example: "  joingyd disclose confirm k7m2x4q6",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeDisclosures(flags, disclosure.Pending)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (disclosure.Entry, error) {
				return c.ConfirmDisclosure(ctx, admin.ConfirmRequest{ID: args[0]})
			}, func(w io.Writer, e disclosure.Entry) error {
				_, err := fmt.Fprintf(w, "disclosure %s is confirmed; %s types the same command again, before %s\n", e.ID, e.By, timeText(e.At.Add(disclosure.PendingFor)))
				return err
			})
		},
	}
}

func newDiscloseRefuseCommand(flags *adminFlags) *cobra.Command {
	var req admin.RefuseRequest
	cmd := &cobra.Command{
		Use:     "refuse DISCLOSURE --reason TEXT",
		Short:   "Refuse an emergency, or take it back",
		Example: `  joingyd disclose refuse k7m2x4q6 --reason "a telephone call that nobody could confirm"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.ID = args[0]
			return ask(cmd, flags, func(ctx context.Context, c control) (disclosure.Entry, error) {
				return c.RefuseDisclosure(ctx, req)
			}, func(w io.Writer, e disclosure.Entry) error {
				_, err := fmt.Fprintf(w, "disclosure %s is refused\n", e.ID)
				return err
			})
		},
	}
	cmd.ValidArgsFunction = completeFirst(completeDisclosures(flags, disclosure.Pending, disclosure.Confirmed))
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, in a few words; kept in the audit log")
	return cmd
}

func newDiscloseListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List what authorities asked for, and what became of it",
		Example: "  joingyd disclose list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.DisclosureList, error) {
				return c.Disclosures(ctx)
			}, printDisclosures)
		},
	}
}

func printDisclosures(w io.Writer, list admin.DisclosureList) error {
	if len(list.Disclosures) == 0 {
		_, err := fmt.Fprintln(w, "nothing was asked for")
		return err
	}
	return printTable(w, func(p *printer) {
		p.printf("DISCLOSURE\tASKED\tBY\tKIND\tABOUT\tAUTHORITY\tREFERENCE\tSTATE\n")
		for _, e := range list.Disclosures {
			state := string(e.State)
			if e.ConfirmedBy != "" {
				state += ", confirmed by " + e.ConfirmedBy
			}
			p.printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, timeText(e.At), e.By, e.Kind, aboutWhom(e.Session), quoteControls(e.Authority), quoteControls(e.Reference), state)
		}
	})
}

func newDiscloseKeyCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Print the public key with which the site signs bundles",
		Long: `Print the public key (Ed25519) with which the site signs bundles. Tell it authorities by
another way than the bundle, such as on your site or by telephone: a bundle names its own
key, and a forged one would too.`,
		Example: "  joingyd disclose key",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.DisclosureKey, error) {
				return c.DisclosureKey(ctx)
			}, func(w io.Writer, k admin.DisclosureKey) error {
				_, err := fmt.Fprintln(w, k.Key)
				return err
			})
		},
	}
}
