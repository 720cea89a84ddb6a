package main

import (
	"bytes"
	"context"
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
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate/evidence"
)

func newPrivacyAccessCommand(flags *adminFlags) *cobra.Command {
	var req admin.SubjectRequest
	var identities []string
	var from, to, out string
	cmd := &cobra.Command{
		Use:   "access --address ADDRESS|--session SESSION|--request REQUEST",
		Short: "Show what is held of somebody",
		Long: `Show what is held of an address (IPv6: its /64), of a session, or of whom a request of
/data is about: bans and that there were some, cases about them without who reported, their
record as a reporter, live sessions, and rows of the IP log. Rows are sealed: they are opened
here, with the operator's private key (--identity), which never goes to the daemon; without
it they are counted. An address may be shared: read before you hand out.

--out makes a directory with data.txt, for people, and data.json, for programs. That somebody
looked is written into the audit log; the address is not.`,
		Example: `  joingyd privacy access --address 203.0.113.7
  joingyd privacy access --address 203.0.113.7 --from 2026-11-01 --to 2026-11-30 --identity operator.key
  joingyd privacy access --request k7m2x4q6 --identity operator.key --out k7m2x4q6`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := parseBounds(&req, from, to)
			if err == nil {
				err = req.Validate()
			}
			var keys []evidence.Identity
			if err == nil {
				keys, err = readIdentities(cmd, identities)
			}
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (openedData, error) {
				data, err := c.DataOf(ctx, req)
				if err != nil {
					return openedData{}, err
				}
				opened, err := openData(data, keys)
				if err == nil && out != "" {
					err = opened.save(out)
				}
				return opened, err
			}, printData)
		},
	}
	cmd.Flags().StringVar(&req.Address, "address", "", "of this address")
	cmd.Flags().StringVar(&req.Session, "session", "", "of this session, live or ended")
	cmd.Flags().StringVar(&req.Request, "request", "", "of whom this request is about")
	completeFlag(cmd, "request", completeRequests(flags, "", false))
	cmd.Flags().StringVar(&from, "from", "", "rows of the IP log from this day on, such as 2026-11-01 (UTC)")
	cmd.Flags().StringVar(&to, "to", "", "and to this day, which is the last")
	cmd.Flags().StringArrayVar(&identities, "identity", nil, "file with the operator's private key; may be given several times")
	cmd.Flags().StringVar(&out, "out", "", "directory to make, with data.txt and data.json")
	return cmd
}

// parseBounds reads the days of rows.
func parseBounds(req *admin.SubjectRequest, from, to string) (err error) {
	if from != "" {
		if req.From, err = time.Parse(time.DateOnly, from); err != nil {
			return usageError{fmt.Errorf("--from is %q; write a day such as 2026-11-01", from)}
		}
	}
	if to == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, to)
	if err != nil {
		return usageError{fmt.Errorf("--to is %q; write a day such as 2026-11-30", to)}
	}
	req.To = day.AddDate(0, 0, 1).Add(-time.Nanosecond)
	return nil
}

// openedData is what is held of somebody, with what the keys at hand open.
type openedData struct {
	admin.PersonalData
	Visits  []iplog.Event `json:"visits"`            // rows of the IP log that were opened
	Sealed  int           `json:"sealed"`            // that were not: no key was given
	Damaged []string      `json:"damaged,omitempty"` // that cannot be
}

var errNoKeyFits = errors.New("none of the keys opens any row; name the file with the private key of one of privacy.recipients, as it was when the rows were written, with --identity")

// openData opens the rows of the IP log. Rows that are damaged, or that another key is
// for, are named, and the rest is shown.
func openData(data admin.PersonalData, keys []evidence.Identity) (openedData, error) {
	rows := data.Rows
	data.Rows = []admin.SealedVisit{}
	opened := openedData{PersonalData: data, Visits: []iplog.Event{}}
	if len(keys) == 0 {
		opened.Sealed = len(rows)
		return opened, nil
	}
	wrong := 0
	for _, row := range rows {
		plain, err := evidence.OpenMessage(row.Sealed, keys...)
		var e iplog.Event
		if err == nil {
			e, err = iplog.Decode(plain)
		}
		if err != nil {
			if errors.Is(err, evidence.ErrWrongKey) {
				wrong++
			}
			opened.Damaged = append(opened.Damaged, timeText(row.At)+": "+oneLine(err.Error()))
			continue
		}
		opened.Visits = append(opened.Visits, e)
	}
	if wrong > 0 && wrong == len(rows) {
		return openedData{}, errNoKeyFits
	}
	return opened, nil
}

// save writes what is held into a new directory.
func (o openedData) save(dir string) error {
	var text bytes.Buffer
	if err := printData(&text, o); err != nil {
		return err
	}
	document, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for name, data := range map[string][]byte{"data.txt": text.Bytes(), "data.json": append(document, '\n')} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	return nil
}

// printData shows what is held, for people.
func printData(w io.Writer, o openedData) error {
	p := &printer{w: w}
	p.printf("what is held, %s\n\n", timeText(o.At))
	p.printf("bans in force: %d\n", len(o.Bans))
	for _, b := range o.Bans {
		until := "for good"
		if !b.Until.IsZero() {
			until = "until " + timeText(b.Until)
		}
		p.printf("  %s, %s: %s\n", b.Scope, until, orNone(b.Reason))
	}
	p.printf("bans that have ended: %d\n", len(o.Ended))
	for _, e := range o.Ended {
		p.printf("  %s, %s to %s: %s\n", e.Ban.Scope, dateText(e.Ban.Created), dateText(e.At), orNone(e.Ban.Reason))
	}
	p.printf("cases about you, and your appeals: %d\n", len(o.Cases))
	for _, k := range o.Cases {
		p.printf("  %s of %s, %s: %s%s\n", k.Kind, dateText(k.Opened), k.State, orNone(strings.Join(k.Reasons, ", ")), caseOutcome(k))
	}
	p.printf("cases about others that you reported: %d\n", o.Said)
	for _, word := range o.Reporter {
		p.printf("your reports: %d upheld, %d dismissed; the last was made or judged on %s\n", word.Upheld, word.Dismissed, dateText(word.Last))
	}
	p.printf("live sessions: %d\n", len(o.Sessions))
	for _, s := range o.Sessions {
		p.printf("  %s since %s, from %d addresses\n", s.State, timeText(s.Since), s.Addresses)
	}
	o.printRows(p)
	if o.Unread.Total() > 0 {
		p.printf("not found by any address, since rotations have dropped the keys; nobody can tell whose they are, and each goes at its time:\n  %s\n", o.Unread)
	}
	return p.err
}

func (o openedData) printRows(p *printer) {
	p.printf("rows of the IP log: %d\n", len(o.Visits)+o.Sealed+len(o.Damaged))
	for _, e := range o.Visits {
		p.printf("  %s %s, session %s, from %s\n", timeText(e.At), e.Kind, e.Session, e.Address)
	}
	if o.Sealed > 0 {
		p.printf("  %d sealed: --identity FILE opens them\n", o.Sealed)
	}
	for _, damaged := range o.Damaged {
		p.printf("  not opened: %s\n", damaged)
	}
}

func orNone(text string) string {
	if text == "" {
		return "no reason"
	}
	return printable(text)
}

// caseOutcome says what was decided, and what is kept.
func caseOutcome(k admin.PersonCase) string {
	text := ""
	if k.Decision != "" {
		text = fmt.Sprintf("; %s on %s: %s", k.Decision, dateText(k.Decided), printable(k.Why))
	}
	if k.Evidence > 0 {
		text += fmt.Sprintf("; %d kept with what was said and seen", k.Evidence)
	}
	if !k.Held.IsZero() {
		text += "; held until " + dateText(k.Held)
	}
	return text
}
