package list

import (
	"bufio"
	"cmp"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// Write writes those of the bans that are on at now, and returns how many that
// were, and how many are left out: kept as a hash only or, if the format is not
// CSV, of another scope than all. It ends with the first error of bans or of w. All formats but NFT are written
// as the bans come; for NFT all of them are held, as a set must not have one
// address twice.
func Write(w io.Writer, format Format, bans iter.Seq2[ban.Ban, error], now time.Time) (written, leftOut int, err error) {
	buffered := bufio.NewWriter(w)
	var out writer
	switch format {
	case Plain:
		out = plainWriter{buffered}
	case CSV:
		out = newCSVWriter(buffered)
	case CrowdSec:
		out = &crowdSecWriter{w: buffered, now: now}
	case Fail2ban:
		out = fail2banWriter{buffered, now}
	case NFT:
		out = &nftWriter{w: buffered, now: now}
	default:
		return 0, 0, unknown(format, Writable())
	}
	if err := out.begin(); err != nil {
		return 0, 0, err
	}
	for b, err := range bans {
		if err != nil {
			return written, leftOut, err
		}
		r, known := rowOf(b)
		if !r.until.IsZero() && !now.Before(r.until) {
			continue
		}
		if !known || r.scope != ban.ScopeAll && format != CSV {
			leftOut++
			continue
		}
		if err := out.add(r); err != nil {
			return written, leftOut, err
		}
		written++
	}
	if err := out.end(); err != nil {
		return written, leftOut, err
	}
	return written, leftOut, buffered.Flush()
}

// writer writes one format: begin, then add for each row, then end.
type writer interface {
	begin() error
	add(row) error
	end() error
}

// row is what lists say of a ban.
type row struct {
	target  ban.Target
	scope   ban.Scope
	created time.Time
	until   time.Time // in whole seconds, as most formats have them; zero: permanent
	reason  string
}

// rowOf returns what to write of b. It is not known if b has only a hash.
func rowOf(b ban.Ban) (r row, known bool) {
	r = row{scope: cmp.Or(b.Scope, ban.ScopeAll), created: b.Created, until: b.Until.Truncate(time.Second), reason: b.Reason}
	if r.until.Before(b.Until) {
		r.until = r.until.Add(time.Second)
	}
	text := b.Address
	if b.Kind == ban.KindPrefix {
		text = b.Prefix.String()
	}
	var err error
	r.target, err = ban.ParseTarget(text)
	return r, err == nil
}

// oneLine returns text without the characters that would end a line, or do
// things to a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, text)
}
