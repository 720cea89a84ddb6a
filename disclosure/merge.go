package disclosure

import (
	"cmp"
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

// IsFile reports whether a file of a register's directory is the register, by its name.
func IsFile(name string) bool { return name == registerFile }

// Merge adds to the register in dir that of a backup, which is in from, while nobody has
// dir open. Of an entry that both have, that in dir counts: it is the later. The figures
// are those of the backup, so what that did not count is to be counted again.
func Merge(dir, from string) error {
	list, err := readEntries(dir)
	if err != nil {
		return err
	}
	kept, err := readEntries(from)
	if err != nil {
		return err
	}
	counted := make(map[string]bool)
	for _, e := range kept {
		counted[e.ID] = e.Counted
		if !slices.ContainsFunc(list, func(o Entry) bool { return o.ID == e.ID }) {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		list[i].Counted = counted[list[i].ID]
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	locked, err := durable.Lock(dir)
	if err != nil {
		return err
	}
	defer locked.Close()
	r := Register{dir: locked}
	return r.saveLocked(list)
}

func readEntries(dir string) (list []Entry, err error) {
	path := filepath.Join(dir, registerFile)
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil:
		if err = json.Unmarshal(data, &list); err == nil {
			return list, nil
		}
		err = fmt.Errorf("%s: %w; restore it from a backup", path, err)
	}
	return nil, err
}
