package legalhold

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/joingyd/joingyd/internal/durable"
)

// IsFile reports whether a file of a register's directory is the register, by its name.
func IsFile(name string) bool { return name == holdsFile }

// Merge adds to the register in dir that of a backup, which is in from, while nobody has
// dir open: a hold that either has is one. The cases are those of the backup, so each hold
// is marked as incomplete, and Complete holds what of them it is about.
func Merge(dir, from string) error {
	list, err := readHolds(dir)
	if err != nil {
		return err
	}
	kept, err := readHolds(from)
	if err != nil {
		return err
	}
	for _, h := range kept {
		if !slices.ContainsFunc(list, func(o Hold) bool { return o.ID == h.ID }) {
			list = append(list, h)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		list[i].Incomplete = !list[i].Ending
	}
	locked, err := durable.Lock(dir)
	if err != nil {
		return err
	}
	defer locked.Close()
	r := Register{dir: locked}
	return r.saveLocked(list)
}

func readHolds(dir string) (list []Hold, err error) {
	path := filepath.Join(dir, holdsFile)
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil:
		if err = json.Unmarshal(data, &list); err == nil {
			return list, nil
		}
		err = fmt.Errorf("%s: %w; restore it from a backup: it says what is on hold", path, err)
	}
	return nil, err
}
