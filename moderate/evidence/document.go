package evidence

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of one Seal.
const (
	MaxParts = 32
	MaxPart  = 1 << 20 // bytes of data or text
	MaxFile  = 8 << 20 // bytes of the document
)

const version = 1

// Part is one piece of evidence. It has either data or text.
type Part struct {
	Name string    `json:"name"` // for a person to read, at most 128 bytes
	Type string    `json:"type"` // a MIME type
	At   time.Time `json:"at"`   // when it was taken; zero is when it is sealed
	Data []byte    `json:"data,omitempty"`
	Text string    `json:"text,omitempty"` // what is not UTF-8 in it becomes U+FFFD
}

// Document is what a file holds.
type Document struct {
	Version int       `json:"version"`
	Case    string    `json:"case"`
	At      time.Time `json:"at"` // when it was sealed
	Parts   []Part    `json:"parts"`
}

func checkParts(parts []Part) error {
	if len(parts) == 0 {
		return errors.New("evidence: there are no parts to seal")
	}
	if len(parts) > MaxParts {
		return fmt.Errorf("%w: %d parts, %d at most", ErrTooLarge, len(parts), MaxParts)
	}
	for i := range parts {
		if err := parts[i].check(); err != nil {
			return fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	return nil
}

func (p *Part) check() error {
	if p.Name == "" || len(p.Name) > 128 || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return errors.New("evidence: name must be 1 to 128 bytes of UTF-8 without control characters")
	}
	if _, _, err := mime.ParseMediaType(p.Type); err != nil || len(p.Type) > 128 || !strings.Contains(p.Type, "/") {
		return fmt.Errorf("evidence: type %.40q must be a MIME type, such as image/jpeg", p.Type)
	}
	if (len(p.Data) == 0) == (p.Text == "") {
		return errors.New("evidence: it must have either data or text")
	}
	if size := len(p.Data) + len(p.Text); size > MaxPart {
		return fmt.Errorf("%w: %d bytes, %d at most", ErrTooLarge, size, MaxPart)
	}
	return nil
}

// encode writes the document into a buffer that nobody else has, so that it can be
// cleared: encoding/json would leave copies in buffers of its own.
func (d *Document) encode() []byte {
	b := fmt.Appendf(make([]byte, 0, d.room()), `{"version":%d,"case":"%s","at":`, d.Version, d.Case)
	b = appendTime(b, d.At)
	b = append(b, `,"parts":[`...)
	for i, p := range d.Parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"name":`...), p.Name)
		b = appendQuoted(append(b, `,"type":`...), p.Type)
		b = append(b, `,"at":`...)
		if p.At.IsZero() {
			p.At = d.At
		}
		b = appendTime(b, p.At)
		if len(p.Data) > 0 {
			b = base64.StdEncoding.AppendEncode(append(b, `,"data":"`...), p.Data)
			b = append(b, '"')
		} else {
			b = appendQuoted(append(b, `,"text":`...), p.Text)
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// room is at least what encode needs: a buffer that grew would leave its old bytes
// behind.
func (d *Document) room() int {
	room := 128 + len(d.Case)
	for _, p := range d.Parts {
		room += 128 + quotedLen(p.Name) + quotedLen(p.Type) + base64.StdEncoding.EncodedLen(len(p.Data)) + quotedLen(p.Text)
	}
	return room
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().Truncate(time.Millisecond).AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// quotedLen is how many bytes appendQuoted appends.
func quotedLen(s string) int {
	n := 2
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			n += 2
		case r < ' ':
			n += 6
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}

// appendQuoted appends a JSON string (RFC 8259, section 7).
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// decode reads what encode writes.
func decode(text []byte) (d Document, err error) {
	if err := json.Unmarshal(text, &d); err != nil {
		return Document{}, fmt.Errorf("evidence: the file opens, and is none of a store: %w", err)
	}
	if d.Version != version {
		return Document{}, fmt.Errorf("evidence: the file has version %d of the format, and this program knows %d; take a newer one", d.Version, version)
	}
	return d, nil
}
