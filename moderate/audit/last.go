package audit

import "slices"

// Last returns the last entries of the log in a directory, at most limit, and how many there
// are in all; 0 stands for all. It is as Entries.
func Last(dir string, limit int) (entries []Entry, total int, err error) {
	entries = []Entry{}
	for entry, err := range Entries(dir) {
		if err != nil {
			return nil, 0, err
		}
		total++
		if entries = append(entries, entry); limit > 0 && len(entries) > 2*limit {
			entries = slices.Delete(entries, 0, limit)
		}
	}
	if extra := len(entries) - limit; limit > 0 && extra > 0 {
		entries = entries[extra:]
	}
	return entries, total, nil
}

// Last is the function of that name for this log.
func (l *Log) Last(limit int) (entries []Entry, total int, err error) { return Last(l.path, limit) }
