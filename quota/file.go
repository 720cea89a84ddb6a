package quota

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

const (
	// file has {"2026-11": 123}: bytes by month.
	file = "month.json"
	// damaged is where one goes that cannot be read.
	damaged = file + ".damaged"

	monthLayout = "2006-01"
	mostMonths  = 6 // that are kept: the present one, and what a wrong clock may bring
)

func monthOf(at time.Time) string { return at.UTC().Format(monthLayout) }

// after returns when the month of at is over.
func after(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

// load reads the file. Where it cannot be read it is set aside, with a warning.
func (m *Month) load() {
	months, err := read(m.dir.Path(file))
	if err == nil {
		m.months = months
		return
	}
	m.months = make(map[string]uint64)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	err = errors.Join(err, os.Rename(m.dir.Path(file), m.dir.Path(damaged)))
	m.opts.Log.Warn("the traffic of this month is counted from 0: its file could not be read, and was set aside", "file", m.dir.Path(damaged), "error", err)
}

func read(path string) (months map[string]uint64, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &months); err != nil {
		return nil, err
	}
	if len(months) == 0 {
		return nil, errors.New("it has no month")
	}
	for name := range months {
		if at, err := time.Parse(monthLayout, name); err != nil || monthOf(at) != name {
			return nil, fmt.Errorf("%q is no month", name)
		}
	}
	return months, nil
}

// Flush saves what has changed.
func (m *Month) Flush() error {
	m.saving.Lock()
	defer m.saving.Unlock()
	m.mu.Lock()
	m.countLocked()
	changed, months := m.changed, maps.Clone(m.months)
	m.changed = false
	m.mu.Unlock()
	if !changed {
		return nil
	}
	text, err := json.Marshal(months)
	if err == nil {
		err = m.dir.WriteFile(file, append(text, '\n'))
	}
	if err != nil {
		m.mu.Lock()
		m.changed = true
		m.mu.Unlock()
	}
	return err
}

// forgetLocked keeps the present month, and the newest of the others.
func (m *Month) forgetLocked(now string) {
	names := slices.Sorted(maps.Keys(m.months)) // the oldest first
	for _, name := range names {
		if len(m.months) <= mostMonths {
			return
		}
		if name != now {
			delete(m.months, name)
		}
	}
}

// IsFile reports whether a file of the directory has the figures, by its name.
func IsFile(name string) bool { return name == file }
