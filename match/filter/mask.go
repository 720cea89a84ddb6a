package filter

import "strings"

// Masked stands where a part of a line was taken out.
const Masked = "▒▒▒"

// masked returns the line with Masked for each of hits whose kind is to be
// masked.
func masked(line string, hits []found, policies [kinds]Policy) string {
	var b strings.Builder
	b.Grow(len(line))
	at := 0
	for _, h := range hits {
		if policies[h.kind] != Mask {
			continue
		}
		b.WriteString(line[at:h.from])
		b.WriteString(Masked)
		at = h.to
	}
	b.WriteString(line[at:])
	return b.String()
}
