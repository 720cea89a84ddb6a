package iplog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

const erasurePrefix, erasureSuffix = "erase-", ".json"

// erasure is what is to go: the tags, by day. It names nobody, and is on disk until it
// is done.
type erasure struct {
	Tags map[day]tag `json:"tags"`
}

// Mark is what finds the rows of one address or session without naming it: those that
// there were when it was made. It is worth nothing for a day whose rows are forgotten.
type Mark struct{ erasure }

// MarshalJSON and UnmarshalJSON make a Mark one that can be kept.
func (m Mark) MarshalJSON() ([]byte, error) { return json.Marshal(m.erasure) }

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Mark) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &m.erasure) }

// IsZero reports whether the mark finds nothing.
func (m Mark) IsZero() bool { return len(m.Tags) == 0 }

// Mark returns the mark of a query, whose bounds do not matter.
func (l *Log) Mark(q Query) (Mark, error) {
	if err := q.validate(); err != nil {
		return Mark{}, err
	}
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.markLocked(q)
}

func (l *Log) markLocked(q Query) (m Mark, err error) {
	days, err := l.days()
	if err != nil {
		return m, err
	}
	m.Tags = make(map[day]tag)
	for _, d := range days {
		found := false
		if err := l.eachLocked(d, q, func([]byte, *row) error { found = true; return nil }); err != nil {
			return m, err
		}
		if !found {
			continue
		}
		k, err := l.readKey(d)
		if err != nil {
			return m, err
		}
		m.Tags[d] = k.of(q)
	}
	return m, nil
}

// Erase takes the rows of an address or a session out of every day; the query's bounds do
// not matter. Rows that are held stay, and are counted. When it returns nil they are gone;
// if the process dies before that, the next Open goes on.
func (l *Log) Erase(q Query) (erased, held int, err error) {
	if err := q.validate(); err != nil {
		return 0, 0, err
	}
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.markLocked(q)
	if err != nil {
		return 0, 0, err
	}
	if erased, err = l.eraseMarkedLocked(m); err != nil {
		return erased, 0, err
	}
	rows, err := l.heldLocked(Query{Address: q.Address, Session: q.Session})
	return erased, len(rows), err
}

// EraseMarked is Erase by a mark, of the rows of its days. What is held of them stays.
func (l *Log) EraseMarked(m Mark) (erased int, err error) {
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.eraseMarkedLocked(m)
}

// Marked counts the rows that a mark finds.
func (l *Log) Marked(m Mark) (n int, err error) {
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	for d, t := range m.Tags {
		err := readRows(l.dir.Path(d.rows()), func(_ []byte, r *row) error {
			if r != nil && r.has(t) {
				n++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Held counts the rows of a query that are held; its bounds do not matter.
func (l *Log) Held(q Query) (int, error) {
	if err := q.validate(); err != nil {
		return 0, err
	}
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	rows, err := l.heldLocked(Query{Address: q.Address, Session: q.Session})
	return len(rows), err
}

func (l *Log) eraseMarkedLocked(m Mark) (erased int, err error) {
	if len(m.Tags) == 0 {
		return 0, nil
	}
	data, err := json.Marshal(m.erasure)
	if err != nil {
		return 0, err
	}
	name := erasurePrefix + newKey().String()[:16] + erasureSuffix
	if err := l.dir.WriteFile(name, data); err != nil {
		return 0, err
	}
	if erased, err = l.eraseLocked(name, m.erasure); err != nil {
		return erased, fmt.Errorf("%w; the rest goes at the next start", err)
	}
	return erased, nil
}

// eraseLocked does what an erasure on disk says, and removes it.
func (l *Log) eraseLocked(name string, e erasure) (erased int, err error) {
	for _, d := range slices.Sorted(maps.Keys(e.Tags)) {
		t := e.Tags[d]
		var keep []byte
		gone := 0
		err := readRows(l.dir.Path(d.rows()), func(line []byte, r *row) error {
			if r != nil && r.has(t) {
				gone++
			} else {
				keep = append(keep, line...)
			}
			return nil
		})
		if err != nil {
			return erased, err
		}
		if gone == 0 {
			continue
		}
		if d == l.today { // it is opened anew
			if err := l.closeFileLocked(); err != nil {
				return erased, err
			}
		}
		if err := l.dir.WriteFile(d.rows(), keep); err != nil {
			return erased, err
		}
		erased += gone
	}
	return erased, errors.Join(os.Remove(l.dir.Path(name)), l.dir.Sync())
}

// completeErasures does what a process that was killed has left of them.
func (l *Log) completeErasures() error {
	entries, err := os.ReadDir(l.dir.Path("."))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, erasurePrefix) || !strings.HasSuffix(name, erasureSuffix) {
			continue
		}
		data, err := os.ReadFile(l.dir.Path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var e erasure
		if err == nil {
			err = json.Unmarshal(data, &e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w; it says what is to be erased: restore it, or erase again and remove it", l.dir.Path(name), err)
		}
		if _, err := l.eraseLocked(name, e); err != nil {
			return err
		}
	}
	return nil
}
