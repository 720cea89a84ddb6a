package privacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
)

// IsFile reports whether a file of a store's directory is a request, by its name.
func IsFile(name string) bool {
	id, is := strings.CutSuffix(name, requestSuffix)
	return is && len(id) == 8 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Merged is what Merge has found of erasures that were done after the backup, which brings
// back what they have deleted: their numbers.
type Merged struct {
	Again []string // begun again: they are done at the next start
	Lost  []string // of whom they were is not known any more
}

// copying is longer than it takes to make a backup.
const copying = time.Hour

// Merge adds to the requests in dir those of a backup, which are in from and were copied
// at made, while nobody has dir open. Of one that both have, that in dir counts: it is the
// later. Erasures that were done since are begun again. All are read before any is written;
// a directory that is not there has none.
func Merge(dir, from string, made time.Time) (m Merged, err error) {
	present, err := readRequests(dir)
	if err != nil {
		return m, err
	}
	kept, err := readRequests(from)
	if err != nil {
		return m, err
	}
	var list []*Request
	for id, r := range kept {
		if present[id] == nil {
			list = append(list, r)
		}
	}
	for id, r := range present {
		if r.Kind != Erase || r.State != StateDone || r.Ended.Before(made.Add(-copying)) {
			continue
		}
		again := r.Erased
		if before := kept[id]; again.isZero() && before != nil {
			again = before.Subject
		}
		if again.isZero() {
			m.Lost = append(m.Lost, id)
			continue
		}
		list, m.Again = append(list, r.again(again)), append(m.Again, id)
	}
	slices.Sort(m.Again)
	slices.Sort(m.Lost)
	return m, writeRequests(dir, list)
}

// again returns the request as begun.
func (r *Request) again(subject Subject) *Request {
	begun := *r
	begun.State, begun.Subject, begun.Erased = StateErasing, subject, Subject{}
	begun.Ended, begun.EndedBy, begun.Answer = time.Time{}, "", ""
	return &begun
}

// readRequests reads the requests in a directory.
func readRequests(dir string) (map[string]*Request, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	requests := make(map[string]*Request)
	for _, entry := range entries {
		id, is := strings.CutSuffix(entry.Name(), requestSuffix)
		if !is {
			continue
		}
		if requests[id], err = readRequest(filepath.Join(dir, entry.Name()), id); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// readRequest reads that of a number.
func readRequest(path, id string) (*Request, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Request)
	if err = json.Unmarshal(data, r); err == nil && r.ID != id {
		err = fmt.Errorf("it is of request %q", r.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; restore it from a backup: moved away, what it asks for is never done", path, err)
	}
	return r, nil
}

// writeRequests writes requests into a directory, which it makes where there is none.
func writeRequests(dir string, list []*Request) error {
	if len(list) == 0 {
		return nil
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return err
	}
	defer locked.Close()
	for _, r := range list {
		data, err := json.Marshal(r)
		if err == nil {
			err = locked.WriteFile(r.ID+requestSuffix, data)
		}
		if err != nil {
			return fmt.Errorf("request %s: %w", r.ID, err)
		}
	}
	return nil
}
