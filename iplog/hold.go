package iplog

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	holdsFile              = "holds.json"
	heldPrefix, heldSuffix = "held-", ".rows"
	mostHolds              = 1000
)

// Errors of holds.
var (
	ErrNoHold    = errors.New("there is no such hold")
	ErrManyHolds = fmt.Errorf("there are %d holds; release some", mostHolds)
)

// Hold is a wish to keep the rows of one address or session beyond their time. It names
// neither.
type Hold struct {
	ID    string    `json:"id"`
	Made  time.Time `json:"made"`
	Until time.Time `json:"until"`
}

// hold is a Hold as it is on disk: its own key recognises rows to come.
type hold struct {
	Hold
	Key string `json:"key"`
	Tag tag    `json:"tag"`

	key key
}

func (h *hold) file() string { return heldPrefix + h.ID + heldSuffix }

// Hold keeps the rows of an address or session, those that there are and those to come,
// until a time or until it is released. When it returns nil they are kept.
func (l *Log) Hold(q Query, until time.Time) (Hold, error) {
	if err := q.validate(); err != nil {
		return Hold{}, err
	}
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.holds) >= mostHolds {
		return Hold{}, ErrManyHolds
	}
	k := newKey()
	h := &hold{Hold: Hold{ID: newKey().String()[:16], Made: l.opts.Now().UTC(), Until: until.UTC()}, Key: k.String(), Tag: k.of(q), key: k}
	var lines []byte
	days, err := l.days()
	if err != nil {
		return Hold{}, err
	}
	for _, d := range days {
		err := l.eachLocked(d, q, func(line []byte, r *row) error {
			if q.within(r.At) {
				lines = append(lines, h.retag(*r).line()...)
			}
			return nil
		})
		if err != nil {
			return Hold{}, err
		}
	}
	if err := l.dir.WriteFile(h.file(), lines); err != nil {
		return Hold{}, err
	}
	holds := append(slices.Clone(l.holds), h)
	if err := l.saveHolds(holds); err != nil {
		return Hold{}, errors.Join(err, os.Remove(l.dir.Path(h.file())))
	}
	l.holds = holds
	return h.Hold, nil
}

// retag returns a row with the hold's tag in place of those of its day, whose key goes.
func (h *hold) retag(r row) *row {
	r.Address, r.Session = h.Tag, ""
	return &r
}

// Holds lists the holds, the oldest first.
func (l *Log) Holds() []Hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Hold, len(l.holds))
	for i, h := range l.holds {
		list[i] = h.Hold
	}
	return list
}

// Release ends a hold: what it kept is gone.
func (l *Log) Release(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.holds, func(h *hold) bool { return h.ID == id })
	if i < 0 {
		return ErrNoHold
	}
	return l.endHoldLocked(i)
}

func (l *Log) endHoldLocked(i int) error {
	h := l.holds[i]
	holds := slices.Delete(slices.Clone(l.holds), i, i+1)
	if err := l.saveHolds(holds); err != nil {
		return err
	}
	l.holds = holds
	return errors.Join(os.Remove(l.dir.Path(h.file())), l.dir.Sync())
}

func (l *Log) endHoldsLocked(now time.Time) error {
	for i := len(l.holds) - 1; i >= 0; i-- {
		if now.Before(l.holds[i].Until) {
			continue
		}
		if err := l.endHoldLocked(i); err != nil {
			return err
		}
	}
	return nil
}

// holdLocked copies a new row to where holds want it.
func (l *Log) holdLocked(e Event, r row) error {
	for _, h := range l.holds {
		if h.Tag != h.key.address(e.Address.Addr()) && h.Tag != h.key.session(e.Session) {
			continue
		}
		file, size, err := openRows(l.dir.Path(h.file()))
		if err != nil {
			return err
		}
		_, err = file.Write(h.retag(r).line())
		if err == nil {
			err = file.Sync()
		}
		if err != nil {
			err = errors.Join(err, file.Truncate(size))
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// heldLocked returns the rows that are held of what a query asks for.
func (l *Log) heldLocked(q Query) (list []Row, err error) {
	for _, h := range l.holds {
		if h.Tag != h.key.of(q) {
			continue
		}
		err := readRows(l.dir.Path(h.file()), func(_ []byte, r *row) error {
			if r != nil && q.within(r.At) {
				list = append(list, Row{At: r.At, Sealed: r.Sealed, Held: h.ID})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (l *Log) saveHolds(holds []*hold) error {
	data, err := json.Marshal(holds)
	if err != nil {
		return err
	}
	return l.dir.WriteFile(holdsFile, data)
}

// loadHolds reads the holds, and removes what a crash left of one that was not made.
func (l *Log) loadHolds() error {
	var err error
	if l.holds, err = readHolds(l.dir.Path(".")); err != nil {
		return err
	}
	slices.SortFunc(l.holds, func(a, b *hold) int { return cmp.Or(a.Made.Compare(b.Made), strings.Compare(a.ID, b.ID)) })
	entries, err := os.ReadDir(l.dir.Path("."))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		id, is := strings.CutPrefix(entry.Name(), heldPrefix)
		if !is || slices.ContainsFunc(l.holds, func(h *hold) bool { return h.ID+heldSuffix == id }) {
			continue
		}
		if err := os.Remove(l.dir.Path(entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
