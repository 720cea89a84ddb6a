package main

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// listing is what the machine's file systems have: owner, mode and kind by path.
type listing map[string]string

// unlisted is what changes with every install and every minute: dpkg's and apt's own
// files, logs, what systemd and its parts note, and what is not joingyd's.
var unlisted = []string{
	"/proc", "/sys", "/dev", "/root", "/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg",
	"/run/systemd", "/run/log", "/run/lock", "/run/udev", "/run/host", "/var/lib/systemd/timers", "/var/lib/caddy", "/var/lib/turn",
}

func (m *machine) list(ctx context.Context) (listing, error) {
	out, err := m.run(ctx, `find / \( -path `+strings.Join(unlisted, " -o -path ")+` \) -prune -o -printf '%p\t%M %u:%g %l\n'`)
	if err != nil {
		return nil, err
	}
	l := make(listing)
	for line := range strings.Lines(out) {
		path, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		l[path] = what
	}
	return l, nil
}

// changes returns what differs, as lines.
func (l listing) changes(after listing) (lines []string) {
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if was, ok := l[path]; !ok {
			lines = append(lines, "new: "+path+" "+after[path])
		} else if was != after[path] {
			lines = append(lines, "changed: "+path+" "+was+" → "+after[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(l)) {
		if _, ok := after[path]; !ok {
			lines = append(lines, "gone: "+path+" "+l[path])
		}
	}
	return lines
}
