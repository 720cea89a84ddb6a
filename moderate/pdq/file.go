package pdq

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The file of a list is text: its first line, a hash and its label a line, its last
// line, by which one that was cut short is known.
//
//	# joingyd's known pictures, format 1: hash,label
//	6227401f601ff4ccafcc9fad4b0d95d371a2eb7265a3285234d228ca94deeb2d,what or whence
//	# end
const (
	firstLine = "# joingyd's known pictures, format 1: hash,label"
	lastLine  = "# end"
)

// Save writes the list to a file of mode 0600, whole or not at all. It is on disk when
// Save returns.
func (l *List) Save(path string) error { return l.current().save(path) }

func (s *set) save(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	err = s.write(draft)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (s *set) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	out.WriteString(firstLine + "\n")
	for i := range s.hashes {
		e := s.entry(i)
		out.WriteString(e.Hash.String())
		out.WriteByte(',')
		out.WriteString(e.Label)
		out.WriteByte('\n')
	}
	out.WriteString(lastLine + "\n")
	return out.Flush()
}

// Keep returns the list of a file, an empty one where there is no file yet. Whatever is
// imported or removed is in the file, on disk, before anybody sees it.
func Keep(path string) (*List, error) {
	l, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		l, err = new(List), nil
	}
	if err != nil {
		return nil, err
	}
	l.path = path
	return l, nil
}

// Load reads what Save wrote. A file that is spoilt is an error that names it and the
// line; one that does not exist is fs.ErrNotExist.
func Load(path string) (*List, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := load(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l := new(List)
	l.set.Store(newSet(entries))
	return l, nil
}

const restore = "restore the file from a backup, or delete it and import its sources again"

// load reads a file's entries.
func load(r io.Reader) (entries []Entry, err error) {
	in := newLines(r)
	labels := make(map[string]string) // one copy of each
	for {
		text, long, ended, err := in.next()
		switch {
		case err == io.EOF:
			return nil, fmt.Errorf("line %d: the file ends without %q, it was cut short; %s", in.n, lastLine, restore)
		case err != nil:
			return nil, err
		case in.n == 1:
			if string(text) != firstLine {
				return nil, fmt.Errorf("line 1: it is not %q, so this is no list of known pictures, or one of a later version; %s", firstLine, restore)
			}
			continue
		case string(text) == lastLine && ended:
			if _, _, _, err := in.next(); err != io.EOF {
				return nil, fmt.Errorf("line %d: there is more behind %q; %s", in.n, lastLine, restore)
			}
			return entries, nil
		}
		digits, label, _ := bytes.Cut(text, []byte(","))
		hash, err := ParseHash(string(digits))
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: the hash %s is none: %w; %s", in.n, quote(string(digits)), err, restore)
		case long || clean(string(label)) != string(label):
			return nil, fmt.Errorf("line %d: the label %s is longer than %d characters or has some that cannot be shown; %s", in.n, quote(string(label)), maxLabel, restore)
		case len(entries) == MaxEntries:
			return nil, fmt.Errorf("line %d: there are more than %d hashes; %s", in.n, MaxEntries, restore)
		}
		if _, ok := labels[string(label)]; !ok {
			labels[string(label)] = string(label)
		}
		entries = append(entries, Entry{hash, labels[string(label)]})
	}
}
