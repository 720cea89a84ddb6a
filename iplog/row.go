package iplog

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// row is a line of a file.
type row struct {
	At      time.Time `json:"at"` // cut to the minute
	Address tag       `json:"address"`
	Session tag       `json:"session"`
	Sealed  []byte    `json:"sealed"`
}

func (r *row) has(t tag) bool { return r.Address == t || r.Session == t }

func (r *row) line() []byte {
	line, err := json.Marshal(r)
	if err != nil {
		panic("iplog: a row cannot be written as JSON: " + err.Error()) // it is times, texts and bytes
	}
	return append(line, '\n')
}

// longest is a line that is read; one of ours has some 600 bytes.
const longest = 64 << 10

// readRows calls f with each whole line of a file and what it says; of one that says
// nothing r is nil. A file that is not there has none.
func readRows(path string, f func(line []byte, r *row) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, longest)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil // what a line is torn from is no row
		case errors.Is(err, bufio.ErrBufferFull):
			continue // garbage: to its end nothing of it is a row either
		case err != nil:
			return err
		}
		r := new(row)
		if json.Unmarshal(line, r) != nil || len(r.Sealed) == 0 {
			r = nil
		}
		if err := f(line, r); err != nil {
			return err
		}
	}
}

// whole returns how many bytes of a file are whole lines.
func whole(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	buffer := make([]byte, longest)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buffer)))
		part := buffer[:end-start]
		if _, err := file.ReadAt(part, start); err != nil {
			return 0, err
		}
		for i := len(part) - 1; i >= 0; i-- {
			if part[i] == '\n' {
				return start + int64(i) + 1, nil
			}
		}
		end = start
	}
	return 0, nil
}
