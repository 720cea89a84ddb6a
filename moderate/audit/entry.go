package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Actor is who did something.
type Actor string

// User is the actor for a user of the machine, by name.
func User(name string) Actor { return Actor(name) }

// Moderator is the actor for a moderator, by name.
func Moderator(name string) Actor { return Actor("mod:" + name) }

// Rule is the actor for what was done automatically, by the rule's name.
func Rule(name string) Actor { return Actor("auto:" + name) }

// Record is what is to be recorded.
type Record struct {
	By      Actor             // at most 128 bytes
	Did     string            // a verb, such as "evidence.open"; at most 64 bytes of a-z, 0-9, '.', '-' and '_'
	On      string            // an id, or nothing; at most 256 bytes
	Details map[string]string // at most 4,096 bytes of names and values; no addresses
}

// Entry is a record with its place in the chain.
type Entry struct {
	Seq     uint64            `json:"seq"` // from 1
	At      time.Time         `json:"at"`  // UTC
	By      Actor             `json:"by"`
	Did     string            `json:"did"`
	On      string            `json:"on,omitempty"`
	Details map[string]string `json:"details,omitempty"`
	Prev    Hash              `json:"prev"` // of the entry before
	Hash    Hash              `json:"-"`
}

// Hash is the SHA-256 of a line.
type Hash [sha256.Size]byte

// String returns 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns what String does.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what String writes, and nothing else.
func (h *Hash) UnmarshalText(text []byte) error {
	var read Hash
	if n, err := hex.Decode(read[:], text[:min(len(text), 2*len(read))]); err != nil || n != len(read) || read.String() != string(text) {
		return errors.New("a hash is 64 lower-case hexadecimal digits")
	}
	*h = read
	return nil
}

const maxDetails = 4096 // bytes of names and values

// reserved begins the verbs of the log itself.
const reserved = "audit."

const (
	didRepaired = reserved + "repaired"
	didForget   = reserved + "forget"
)

// check returns what is wrong with a record.
func (r *Record) check() error {
	if strings.HasPrefix(r.Did, reserved) {
		return fmt.Errorf("audit: did %q: verbs that begin with %q are the log's own; choose another", r.Did, reserved)
	}
	if strings.Trim(r.Did, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		return fmt.Errorf("audit: did %q: use a-z, 0-9, '.', '-' and '_'", r.Did)
	}
	if err := checkText("by", string(r.By), 1, 128); err != nil {
		return err
	}
	if err := checkText("did", r.Did, 1, 64); err != nil {
		return err
	}
	if err := checkText("on", r.On, 0, 256); err != nil {
		return err
	}
	size := 0
	for name, value := range r.Details {
		if err := checkText("the name of a detail", name, 1, 64); err != nil {
			return err
		}
		if !utf8.ValidString(value) {
			return fmt.Errorf("audit: detail %q is not UTF-8", name)
		}
		size += len(name) + len(value)
	}
	if size > maxDetails {
		return fmt.Errorf("audit: the details have %d bytes; %d at most, shorten them", size, maxDetails)
	}
	return nil
}

func checkText(field, text string, least, most int) error {
	if len(text) < least || len(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("audit: %s must be %d to %d bytes of UTF-8 without control characters; it has %d bytes", field, least, most, len(text))
	}
	return nil
}

// The end of a line is always as long: sealing, with the hash in its middle.
const (
	sealOpen  = `,"hash":"`
	sealClose = `"}`
	sealSize  = len(sealOpen) + 2*sha256.Size + len(sealClose)
	// maxLine is more than the longest that check lets through, each byte of it
	// escaped as six and each detail as short as can be.
	maxLine = 64 << 10
)

// appendTo sets the entry's hash and appends its line.
func (e *Entry) appendTo(lines []byte) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return lines, err
	}
	body = body[:len(body)-1] // without the closing brace
	e.Hash = sha256.Sum256(body)
	lines = append(lines, body...)
	lines = append(lines, sealOpen...)
	lines = hex.AppendEncode(lines, e.Hash[:])
	return append(lines, sealClose+"\n"...), nil
}

// parse reads a line, without the line's end. why says what is wrong with it.
func parse(line []byte) (e Entry, why string) {
	cut := len(line) - sealSize
	if cut < 0 || !bytes.HasPrefix(line[cut:], []byte(sealOpen)) || !bytes.HasSuffix(line, []byte(sealClose)) {
		return Entry{}, "it does not end with a hash"
	}
	var said Hash
	if err := said.UnmarshalText(line[cut+len(sealOpen) : len(line)-len(sealClose)]); err != nil {
		return Entry{}, err.Error()
	}
	if said != sha256.Sum256(line[:cut]) {
		return Entry{}, "its hash is not that of its bytes: it was changed"
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, "it is no entry: " + err.Error()
	}
	e.Hash = said
	return e, ""
}
