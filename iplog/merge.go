package iplog

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joingyd/joingyd/internal/durable"
)

// HoldsFile lists what is on hold, in a log's directory. A copy of the log's holds begins
// with it: the files of the rows that it names are there before it names them.
const HoldsFile = holdsFile

// IsHeld reports whether a file of a log's directory is of what is on hold, by its name.
// The others are of days, and no backup may have them: it would outlive the keys of the
// days.
func IsHeld(name string) bool {
	id, is := strings.CutPrefix(name, heldPrefix)
	id, rows := strings.CutSuffix(id, heldSuffix)
	raw, err := hex.DecodeString(id)
	return name == holdsFile || is && rows && err == nil && len(raw) == 8 && strings.ToLower(id) == id
}

// MergeHolds adds to the holds of the log in dir those of a backup, which are in from, with
// their rows, while nobody has dir open. A hold that dir has is as it is.
func MergeHolds(dir, from string) error {
	kept, err := readHolds(from)
	if err != nil || len(kept) == 0 {
		return err
	}
	list, err := readHolds(dir)
	if err != nil {
		return err
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return err
	}
	defer locked.Close()
	for _, h := range kept {
		if slices.ContainsFunc(list, func(o *hold) bool { return o.ID == h.ID }) {
			continue
		}
		list = append(list, h)
		rows, err := os.ReadFile(filepath.Join(from, h.file()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = locked.WriteFile(h.file(), rows)
		}
		if err != nil {
			return fmt.Errorf("rows on hold %s: %w", h.ID, err)
		}
	}
	l := Log{dir: locked}
	return l.saveHolds(list)
}

// readHolds reads the holds in a directory, whose numbers are names of files.
func readHolds(dir string) (list []*hold, err error) {
	path := filepath.Join(dir, holdsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		if err = json.Unmarshal(data, &list); err != nil {
			err = fmt.Errorf("%s: %w; restore it from a backup: without it what is on hold cannot be found", path, err)
		}
	}
	for _, h := range list {
		if err == nil && !IsHeld(h.file()) {
			err = fmt.Errorf("%s: %q is no number of a hold", path, h.ID)
		}
		if err == nil {
			if h.key, err = parseKey(h.Key); err != nil {
				err = fmt.Errorf("%s: hold %s: %w", path, h.ID, err)
			}
		}
	}
	return list, err
}
