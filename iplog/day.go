package iplog

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"
)

// day is a date in UTC, 2026-11-29. Days are ordered as their texts are.
type day string

func dayOf(at time.Time) day { return day(at.UTC().Format(time.DateOnly)) }

const (
	rowsSuffix = ".rows"
	keySuffix  = ".key"
)

func (d day) rows() string { return string(d) + rowsSuffix }
func (d day) key() string  { return string(d) + keySuffix }

// dayNamed returns the day of a file's name, if it is one.
func dayNamed(name, suffix string) (day, bool) {
	text, is := strings.CutSuffix(name, suffix)
	if !is {
		return "", false
	}
	_, err := time.Parse(time.DateOnly, text)
	return day(text), err == nil
}

const keySize = 32

// key makes tags.
type key [keySize]byte

func newKey() (k key) {
	rand.Read(k[:])
	return k
}

// String is for the file; nothing prints it.
func (k key) String() string { return hex.EncodeToString(k[:]) }

func parseKey(text string) (k key, err error) {
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != keySize {
		return k, errors.New("it is not 64 hexadecimal digits")
	}
	return key(raw), nil
}

const tagSize = 16 // bytes

// tag is what rows are found by.
type tag string

// address and session tag what their names say; they never agree on one tag.
func (k key) address(addr netip.Addr) tag {
	return k.tag("address " + network(addr).String())
}

func (k key) session(id string) tag { return k.tag("session " + id) }

func (k key) tag(of string) tag {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(of))
	return tag(hex.EncodeToString(mac.Sum(nil)[:tagSize]))
}

// of returns the tag of what a query asks for.
func (k key) of(q Query) tag {
	if q.Session != "" {
		return k.session(q.Session)
	}
	return k.address(q.Address)
}

// readKey returns the key of a day; there is none where fs.ErrNotExist is the error.
func (l *Log) readKey(d day) (k key, err error) {
	text, err := os.ReadFile(l.dir.Path(d.key()))
	if err != nil {
		return k, err
	}
	if k, err = parseKey(string(text)); err != nil {
		return k, fmt.Errorf("%s: %w; its rows cannot be found any more, move it and %s away", l.dir.Path(d.key()), err, d.rows())
	}
	return k, nil
}

// makeKey returns the key of a day, which it makes where there is none.
func (l *Log) makeKey(d day) (key, error) {
	k, err := l.readKey(d)
	if errors.Is(err, fs.ErrNotExist) {
		k = newKey()
		err = l.dir.WriteFile(d.key(), []byte(k.String()+"\n"))
	}
	return k, err
}

// destroy overwrites a key and removes it.
func (l *Log) destroy(name string) error {
	file, err := os.OpenFile(l.dir.Path(name), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, 2*keySize+1))
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close(), os.Remove(l.dir.Path(name)))
}

// days returns the days of which there are rows or keys, the oldest first.
func (l *Log) days() (list []day, err error) {
	entries, err := os.ReadDir(l.dir.Path("."))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries { // sorted by name, and so a day's key comes before its rows
		for _, suffix := range []string{keySuffix, rowsSuffix} {
			if d, is := dayNamed(entry.Name(), suffix); is && (len(list) == 0 || list[len(list)-1] != d) {
				list = append(list, d)
			}
		}
	}
	return list, nil
}
