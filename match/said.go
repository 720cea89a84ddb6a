package match

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// How much of a live chat is kept for a report of it.
const (
	LinesKept      = 40      // lines
	LinesKeptBytes = 8 << 10 // of their bodies
)

const maxShown = 100 // lines that a report may bring

// Line is a text as it was delivered.
type Line struct {
	From  ident.Session
	Order uint64    // in its chat, from 1
	At    time.Time // UTC, whole milliseconds
	Body  string
}

// said is the last lines of a live chat. The hub's lock guards it.
type said struct {
	last  uint64 // order of the newest
	lines []saidLine
	bytes int
}

// saidLine has its body in bytes that can be cleared.
type saidLine struct {
	Line
	body []byte
}

// next returns what stands for body in the chat, without keeping it.
func (s *said) next(from ident.Session, at time.Time, body string) Line {
	return Line{From: from, Order: s.last + 1, At: at.UTC().Truncate(time.Millisecond), Body: body}
}

// keep keeps a line that was delivered, and forgets the oldest past the bounds.
func (s *said) keep(line Line) {
	s.last = line.Order
	kept := saidLine{line, []byte(line.Body)}
	kept.Body = ""
	s.lines = append(s.lines, kept)
	s.bytes += len(kept.body)
	old := 0
	for len(s.lines)-old > LinesKept || s.bytes > LinesKeptBytes {
		s.bytes -= len(s.lines[old].body)
		clear(s.lines[old].body)
		old++
	}
	s.lines = slices.Delete(s.lines, 0, old)
}

// forget clears what was said.
func (s *said) forget() {
	for _, line := range s.lines {
		clear(line.body)
	}
	*s = said{last: s.last}
}

// all returns copies of the lines that are kept, in their order.
func (s *said) all() []Line {
	list := make([]Line, len(s.lines))
	for i, line := range s.lines {
		list[i] = line.Line
		list[i].Body = string(line.body)
	}
	return list
}

// prover makes and checks what a visitor can show of a chat that is over: who said
// what in it, when, and as which line. The server keeps none of that. The key is this
// hub's, as the sessions are. The hub's lock guards it.
type prover struct {
	key     proverKey
	mac     hash.Hash
	scratch []byte
}

// proverKey is a hub's for as long as it lives. The next hub gets it with each session that
// was handed over, so that what was said before can be shown in a report after.
type proverKey [sha256.Size]byte

func newProver() *prover {
	var key proverKey
	rand.Read(key[:])
	return proverWith(key)
}

func proverWith(key proverKey) *prover {
	return &prover{key: key, mac: hmac.New(sha256.New, key[:])}
}

// proofSize is that of a proof, in bytes: nobody but the server can try one.
const proofSize = 16

// prove returns the proof of a line: HMAC-SHA-256 over pair, sender, order, time and
// body, its first 128 bits in base64url.
func (p *prover) prove(pair ident.Pair, line Line) string {
	text := append(append(p.scratch[:0], pair[:]...), line.From[:]...)
	text = binary.BigEndian.AppendUint64(text, line.Order)
	text = binary.BigEndian.AppendUint64(text, uint64(line.At.UnixMilli()))
	text = append(text, line.Body...)
	p.mac.Reset()
	p.mac.Write(text)
	clear(text)
	p.scratch = p.mac.Sum(text[:0])
	return base64.RawURLEncoding.EncodeToString(p.scratch[:proofSize])
}

// shownLine is a line of a chat, as a reporter's client shows it.
type shownLine struct {
	From  string    `json:"from"` // "me" or "them"
	Order uint64    `json:"order"`
	At    time.Time `json:"at"`
	Body  string    `json:"body"`
	Proof string    `json:"proof"`
}

// checkShown says what is wrong with the form of the lines of a report, if anything.
func checkShown(lines []shownLine) error {
	if len(lines) > maxShown {
		return fmt.Errorf("lines: %d given, at most %d are allowed", len(lines), maxShown)
	}
	for _, line := range lines {
		if line.From != "me" && line.From != "them" {
			return errors.New(`lines: from must be "me" or "them"`)
		}
	}
	return nil
}

// proven returns those of the lines that were delivered in the pair between the
// reporter and the partner as it is said here.
func (p *prover) proven(pair ident.Pair, me, them ident.Session, lines []shownLine) (list []Line) {
	for _, shown := range lines {
		line := Line{From: me, Order: shown.Order, At: shown.At.UTC(), Body: shown.Body}
		if shown.From == "them" {
			line.From = them
		}
		if hmac.Equal([]byte(p.prove(pair, line)), []byte(shown.Proof)) {
			list = append(list, line)
		}
	}
	return list
}

// merge returns the lines of both lists in their order, each once and with a copy of
// its body, which outlives the message that it came in.
func merge(a, b []Line) []Line {
	list := slices.Concat(a, b)
	slices.SortStableFunc(list, func(a, b Line) int { return int(int64(a.Order) - int64(b.Order)) })
	list = slices.CompactFunc(list, func(a, b Line) bool { return a.Order == b.Order })
	for i := range list {
		list[i].Body = strings.Clone(list[i].Body)
	}
	return list
}
