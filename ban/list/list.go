// Package list reads and writes bans in the formats of other tools.
//
//	io.Reader ──► Read ──► Item, Item, *Refusal, Item …      (nothing is stored)
//	bans      ──► Write ──► io.Writer
//
// The formats, with an example of each:
//
//	plain     one address, prefix or range a line; # or ; begins a comment (Spamhaus DROP, FireHOL netsets)
//	          192.0.2.0/24 ; SBL256894
//	          192.0.2.1-192.0.2.9
//	csv       RFC 4180, with a header; without one the first column is the target
//	          target,scope,until,reason
//	          192.0.2.1,all,2026-12-24T18:00:00Z,spam
//	crowdsec  JSON of cscli decisions list -o json, of the local API's /v1/decisions, or what cscli decisions import reads
//	          [{"value": "192.0.2.1", "scope": "Ip", "type": "ban", "duration": "3h59m0s", "scenario": "crowdsecurity/ssh-bf"}]
//	fail2ban  what fail2ban-client status JAIL, banned, and get JAIL banip [--with-time] print, and fail2ban's log
//	          192.0.2.1 	2026-08-12 12:41:07 + 600 = 2026-08-12 12:51:07
//	nft       a script for nft -f; written only
//	          elements = { 192.0.2.1 timeout 9m30s }
//
// What all have in common:
//
//   - A target means what [ban.ParseTarget] says: a bare IPv6 address stands
//     for its /64, and a prefix with host bits set is refused. A range becomes
//     the fewest prefixes that are exactly it.
//   - An end is a duration from now (90m, 7d, 2d12h, 3h59m59.9s), a time (RFC
//     3339, or 2006-01-02 15:04:05 in the location of the now that Read was
//     given), or never. One that is more than 3650 days away means never.
//   - Why another tool banned an address is for admins ([Item.Source]) and not
//     for the visitor ([Item.Reason]), who would read crowdsecurity/ssh-bf.
//   - A byte order mark and CRLF are accepted. A line or record of more than 64
//     KiB is refused, and reading goes on behind it; in JSON, it ends there.
//
// Bans that the store keeps only as hashes have no address to write. Other tools
// know no scopes, so that bans of the scopes video and relay, which elsewhere would
// keep out of everything, are written as csv only.
package list

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// Format names a format, as the command line does.
type Format string

// The formats. All can be written, and all but NFT read.
const (
	Plain    Format = "plain"
	CSV      Format = "csv"
	CrowdSec Format = "crowdsec"
	Fail2ban Format = "fail2ban"
	NFT      Format = "nft"
)

// Readable returns the formats that Read takes.
func Readable() []Format { return []Format{Plain, CSV, CrowdSec, Fail2ban} }

// Writable returns the formats that Write takes.
func Writable() []Format { return append(Readable(), NFT) }

// unknown is the error for a format that is not among those that would do.
func unknown(format Format, known []Format) error {
	return fmt.Errorf("the format %q is none of %q; choose one of these", format, known)
}

// Item is one ban that a list asks for. Its texts have no control characters.
type Item struct {
	Line      int        // where it begins, from 1
	Target    ban.Target // keeps up to 64 KiB of the list from being freed, so it is not for keeping
	Until     time.Time  // when it ends; zero if the list does not say, or if Permanent
	Permanent bool       // the list says that it has no end
	Scope     ban.Scope  // empty if the list does not say
	Reason    string     // to be shown to the visitor; at most ban.MaxReason characters
	Source    string     // where it comes from, for a note: a scenario, a jail, a comment; at most 200 characters
}

// Refusal is the error for a line or record that asks for no ban that can be
// made. Reading goes on after it.
type Refusal struct {
	Line int    // where it begins, from 1
	Text string // what was refused, shortened and safe to print
	Why  string // what is wrong, and what to do
}

// Error returns line and reason; the reason quotes what matters of the text.
func (r *Refusal) Error() string { return fmt.Sprintf("line %d: %s", r.Line, r.Why) }

// Read reads a list to its end, in memory that does not grow with it. For each
// line or record it yields an item (several for a range) or a [*Refusal]. Any
// other error is the last thing yielded: r failed, or the rest cannot be
// understood. Ends are reckoned from now; what has ended by then is refused.
func Read(r io.Reader, format Format, now time.Time) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		out := &sink{yield: yield, now: now}
		if err := read(r, format, out); err != nil && !errors.Is(err, errStopped) {
			yield(Item{}, err)
		}
	}
}

// byteOrderMark is what Windows programs put before UTF-8.
const byteOrderMark = "\ufeff"

func read(r io.Reader, format Format, out *sink) error {
	buffered := bufio.NewReader(r)
	if head, _ := buffered.Peek(len(byteOrderMark)); bytes.Equal(head, []byte(byteOrderMark)) {
		buffered.Discard(len(byteOrderMark))
	}
	switch format {
	case Plain:
		return readPlain(newLines(buffered), out)
	case CSV:
		return readCSV(newLines(buffered), out)
	case CrowdSec:
		return readCrowdSec(buffered, out)
	case Fail2ban:
		return readFail2ban(newLines(buffered), out)
	default:
		return unknown(format, Readable())
	}
}

// errStopped says that the caller wants no more. It does not leave the package.
var errStopped = errors.New("stopped")

// sink yields what the readers find. Its methods return errStopped when the
// caller wants no more.
type sink struct {
	yield func(Item, error) bool
	now   time.Time
}

func (s *sink) item(item Item) error {
	if !s.yield(item, nil) {
		return errStopped
	}
	return nil
}

func (s *sink) refuse(line int, text, why string) error {
	if !s.yield(Item{}, &Refusal{Line: line, Text: shorten(text), Why: why}) {
		return errStopped
	}
	return nil
}

// add yields what d asks for, or a refusal.
func (s *sink) add(d draft) error {
	item, why := d.item(s.now)
	if why != "" {
		return s.refuse(d.line, d.target, why)
	}
	prefixes, why := rangeOf(d.target)
	if why != "" {
		return s.refuse(d.line, d.target, why)
	}
	for _, prefix := range prefixes {
		item.Target, _ = ban.ParseTarget(prefix.String()) // it is masked, so it is one
		if err := s.item(item); err != nil {
			return err
		}
	}
	if len(prefixes) > 0 {
		return nil
	}
	var err error
	if item.Target, err = ban.ParseTarget(d.target); err != nil {
		return s.refuse(d.line, d.target, strings.TrimPrefix(err.Error(), ban.ErrInvalid.Error()+": "))
	}
	return s.item(item)
}
