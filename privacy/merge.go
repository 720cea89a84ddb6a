package privacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/joingyd/joingyd/internal/durable"
)

// IsFile reports whether a file of a store's directory is a request, by its name.
func IsFile(name string) bool {
	id, is := strings.CutSuffix(name, requestSuffix)
	return is && len(id) == 8 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Merge adds to the requests in dir those of a backup, which are in from, while nobody has
// dir open. Of one that both have, that in dir counts: it is the later. All are read before
// any is written; a directory that is not there has none.
func Merge(dir, from string) error {
	present, err := readRequests(dir)
	if err != nil {
		return err
	}
	kept, err := readRequests(from)
	if err != nil {
		return err
	}
	var list []*Request
	for id, r := range kept {
		if present[id] == nil {
			list = append(list, r)
		}
	}
	return writeRequests(dir, list)
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
