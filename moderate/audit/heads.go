package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Head is an entry that the log ended with at some time: all before it hang on its
// hash.
type Head struct {
	Seq  uint64 // 0 if there is no entry
	Hash Hash
	At   time.Time // when the entry was made; of one that was read, its day
}

// Head returns the present one.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// ExportHead appends the head to a file: its day in UTC, its number and its hash.
// The file is worth something only where whoever can write the log cannot write
// it: on another machine, on paper, in the mailbox of someone else. Where the log
// is empty nothing is written. One export at a time.
func (l *Log) ExportHead(path string) (err error) {
	head := l.Head()
	if head.Seq == 0 {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	line := fmt.Sprintf("%s %d %s\n", head.At.UTC().Format(time.DateOnly), head.Seq, head.Hash)
	info, err := file.Stat()
	if err != nil {
		return err
	}
	// A crash may have torn the last one. Then it is a line that ReadHeads refuses,
	// and not the beginning of this one.
	last := []byte{'\n'}
	if info.Mode().IsRegular() && info.Size() > 0 {
		if _, err := file.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = "\n" + line
	}
	if _, err := io.WriteString(file, line); err != nil {
		return err
	}
	return file.Sync()
}

// ReadHeads reads what ExportHead has written. Empty lines and lines that begin
// with # are ignored.
func ReadHeads(r io.Reader) ([]Head, error) {
	var heads []Head
	scanner := bufio.NewScanner(r)
	for number := 1; scanner.Scan(); number++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		head, err := parseHead(text)
		if err != nil {
			return nil, fmt.Errorf("heads: line %d: %w; it must be a date, a number and a hash; remove it if a crash tore it", number, err)
		}
		heads = append(heads, head)
	}
	return heads, scanner.Err()
}

func parseHead(text string) (h Head, err error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return h, fmt.Errorf("%d fields", len(fields))
	}
	if h.At, err = time.Parse(time.DateOnly, fields[0]); err != nil {
		return h, errors.New("the date is not like 2006-01-02")
	}
	if h.Seq, err = strconv.ParseUint(fields[1], 10, 64); err != nil || h.Seq == 0 {
		return h, errors.New("the number is none")
	}
	return h, h.Hash.UnmarshalText([]byte(fields[2]))
}
