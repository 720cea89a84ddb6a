package totals

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const suffix = ".json"

// load reads a day's file; of a day without one there is nothing yet.
func (t *Totals) load(name string) (*Day, error) {
	d := newDay(name)
	text, err := os.ReadFile(t.dir.Path(name + suffix))
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(text, d)
	}
	if err == nil && d.Day != name {
		err = fmt.Errorf("it is of the day %q", d.Day)
	}
	for _, f := range []*Figures{&d.Chats, &d.Systems, &d.Browsers, &d.Devices, &d.Languages, &d.Stays} {
		if *f == nil { // null
			*f = Figures{}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("totals: %s: %w; move it away to go on without the figures of that day", t.dir.Path(name+suffix), err)
	}
	return d, nil
}

func (t *Totals) save(d *Day) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return t.dir.WriteFile(d.Day+suffix, append(text, '\n'))
}

// Flush saves what has changed.
func (t *Totals) Flush() error {
	t.saving.Lock()
	defer t.saving.Unlock()
	t.mu.Lock()
	t.turnLocked()
	t.relayLocked()
	waiting, today, changed := t.unsaved, t.today.clone(), t.changed
	t.unsaved, t.changed = nil, false
	t.mu.Unlock()
	if changed {
		waiting = append(waiting, &today)
	}
	for n, d := range waiting {
		if err := t.save(d); err != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			if changed && t.today.Day == today.Day {
				t.changed = true
				waiting = waiting[:len(waiting)-1]
			}
			t.unsaved = append(waiting[n:len(waiting):len(waiting)], t.unsaved...)
			return err
		}
	}
	return nil
}

// Days returns the figures of each day from and to which there are any, the oldest first,
// both included; an empty name is no bound. Today's are those of this moment.
func (t *Totals) Days(from, to string) (list []Day, err error) {
	if err := t.Flush(); err != nil {
		return nil, err
	}
	t.saving.Lock()
	defer t.saving.Unlock()
	entries, err := os.ReadDir(t.dir.Path("."))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name, is := strings.CutSuffix(entry.Name(), suffix)
		if !is || ParseDay(name) != nil || name < from || to != "" && name > to {
			continue
		}
		d, err := t.load(name)
		if err != nil {
			return nil, err
		}
		list = append(list, *d)
	}
	return list, nil
}

// IsFile reports whether a file of the directory has figures of a day, by its name.
func IsFile(name string) bool {
	day, is := strings.CutSuffix(name, suffix)
	return is && ParseDay(day) == nil
}
