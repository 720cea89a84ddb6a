package evidence

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

// ID names a sealed file: 16 characters of a-z and 2-7, at random.
type ID string

const (
	idSize   = 10 // random bytes
	idDigits = "abcdefghijklmnopqrstuvwxyz234567"
)

var idEncoding = base32.NewEncoding(idDigits).WithPadding(base32.NoPadding)

func newID() ID {
	var random [idSize]byte
	rand.Read(random[:]) // never fails
	return ID(idEncoding.EncodeToString(random[:]))
}

// ParseID reads an ID that comes from outside. What it accepts is safe in a path.
func ParseID(text string) (ID, error) {
	if len(text) != idEncoding.EncodedLen(idSize) || strings.Trim(text, idDigits) != "" {
		return "", fmt.Errorf("evidence: %.40q is no id of a file: it has %d characters of a-z and 2-7", text, idEncoding.EncodedLen(idSize))
	}
	return ID(text), nil
}

// checkCase refuses what is not to be part of a file's name.
func checkCase(name string) error {
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return fmt.Errorf("evidence: case %.80q: it must be 1 to 64 characters of a-z, 0-9, '-' and '_'", name)
	}
	return nil
}

// File is a sealed file of a case.
type File struct {
	ID   ID
	Case string
	At   time.Time // when it was sealed, in seconds, UTC
	Size int64     // of the ciphertext in bytes
}

const (
	fileSuffix = ".age"
	holdSuffix = ".hold"
	timeLayout = "20060102T150405Z"
)

// name is the file's name in the directory.
func (f *File) name() string {
	return fmt.Sprintf("%s.%s.%s%s", f.Case, f.At.Format(timeLayout), f.ID, fileSuffix)
}

// parseName reads what name has made.
func parseName(name string) (f File, ok bool) {
	name, ok = strings.CutSuffix(name, fileSuffix)
	fields := strings.Split(name, ".")
	if !ok || len(fields) != 3 || checkCase(fields[0]) != nil {
		return f, false
	}
	at, err := time.Parse(timeLayout, fields[1])
	if err != nil {
		return f, false
	}
	id, err := ParseID(fields[2])
	return File{ID: id, Case: fields[0], At: at}, err == nil
}

// IsFile reports whether a store gives files such names: sealed ones, and holds. What it
// accepts is safe in a path.
func IsFile(name string) bool {
	if of, ok := strings.CutSuffix(name, holdSuffix); ok {
		return checkCase(of) == nil
	}
	_, ok := parseName(name)
	return ok
}
