package audit

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"time"
)

// month is a month in UTC, as 2006-01. Months compare as strings.
type month string

const (
	monthLayout = "2006-01"
	filePrefix  = "audit-"
	fileSuffix  = ".jsonl"
)

func monthOf(t time.Time) month { return month(t.UTC().Format(monthLayout)) }

// file is the name of the month's file.
func (m month) file() string { return filePrefix + string(m) + fileSuffix }

// months returns the months of which there are files, the oldest first. Other
// files are none of ours.
func months(dir string) ([]month, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []month
	for _, entry := range entries {
		if m, ok := parseFile(entry.Name()); ok {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, cmp.Compare)
	return found, nil
}

// parseFile reads what file returns.
func parseFile(name string) (m month, ok bool) {
	name, ok = strings.CutPrefix(name, filePrefix)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, fileSuffix)
	t, err := time.Parse(monthLayout, name)
	return month(name), ok && err == nil && monthOf(t) == month(name)
}

// IsFile reports whether a log gives files such names. What it accepts is safe in a path.
func IsFile(name string) bool {
	_, ok := parseFile(name)
	return ok
}
