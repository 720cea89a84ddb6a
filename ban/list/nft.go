package list

import (
	"bufio"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// nftWriter writes a script that makes the table inet joingyd anew: two sets
// of addresses, whose elements time out when the bans end, and a chain that
// drops what comes from them.
//
// The elements do not overlap. The kernel would refuse them, and nft's
// auto-merge gives a merged element the timeout of one of its parts, so that
// bans end too early or too late.
type nftWriter struct {
	w    *bufio.Writer
	now  time.Time
	rows []row
}

func (n *nftWriter) begin() error { return nil }

func (n *nftWriter) add(r row) error {
	n.rows = append(n.rows, r)
	return nil
}

// The table is declared before it is deleted because deleting one that is not
// there is an error.
const nftHead = `# Load with nft -f. It replaces the table inet joingyd, and nothing else.
table inet joingyd
delete table inet joingyd

table inet joingyd {
`

const nftTail = `	chain input {
		type filter hook input priority filter - 10; policy accept;
		ip saddr @banned4 drop
		ip6 saddr @banned6 drop
	}
}
`

func (n *nftWriter) end() error {
	n.sort()
	n.w.WriteString(nftHead)
	first6 := slices.IndexFunc(n.rows, func(r row) bool { return r.target.Prefix().Addr().Is6() })
	if first6 < 0 {
		first6 = len(n.rows)
	}
	n.set("banned4", "ipv4_addr", n.rows[:first6])
	n.set("banned6", "ipv6_addr", n.rows[first6:])
	_, err := n.w.WriteString(nftTail)
	return err
}

// sort puts IPv4 first, and of prefixes that begin at one address the widest.
func (n *nftWriter) sort() {
	slices.SortFunc(n.rows, func(a, b row) int {
		p, q := a.target.Prefix(), b.target.Prefix()
		return cmp.Or(p.Addr().Compare(q.Addr()), cmp.Compare(p.Bits(), q.Bits()))
	})
}

// set writes a set of sorted rows, all IPv4 or all IPv6.
func (n *nftWriter) set(name, addresses string, rows []row) {
	fmt.Fprintf(n.w, "\tset %s {\n\t\ttype %s\n\t\tflags interval, timeout\n", name, addresses)
	separator := "\t\telements = {\n\t\t\t"
	for _, s := range flatten(rows) {
		n.w.WriteString(separator + s.String())
		if !s.until.IsZero() {
			// A number of 9 digits is too large for nft, so it is not all in seconds.
			n.w.WriteString(" timeout " + s.until.Sub(n.now.Truncate(time.Second)).String())
		}
		separator = ",\n\t\t\t"
	}
	if len(rows) > 0 {
		n.w.WriteString("\n\t\t}\n")
	}
	n.w.WriteString("\t}\n\n")
}

// span is the addresses from first to last, banned until then; zero: for good.
type span struct {
	first, last netip.Addr
	until       time.Time
}

// String returns s as nft reads it.
func (s span) String() string {
	if s.first == s.last {
		return s.first.String()
	}
	return s.first.String() + "-" + s.last.String()
}

// outlasts reports whether s ends after the time, which may be zero as well.
func (s span) outlasts(until time.Time) bool {
	return !until.IsZero() && (s.until.IsZero() || s.until.After(until))
}

// flatten returns spans that do not overlap, each with the latest end of the
// rows that cover it. The rows are sorted by address, the wider first.
func flatten(rows []row) (spans []span) {
	var open []span     // each inside the one before, and lasting longer
	var next netip.Addr // the first address that is in no span yet
	upTo := func(last netip.Addr) {
		if top := open[len(open)-1]; next.IsValid() && !last.Less(next) {
			spans = append(spans, span{next, last, top.until})
		}
		next = last.Next() // invalid behind the last of all
	}
	for _, r := range rows {
		prefix := r.target.Prefix()
		inner := span{prefix.Addr(), lastOf(prefix), r.until}
		for len(open) > 0 && open[len(open)-1].last.Less(inner.first) {
			upTo(open[len(open)-1].last)
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			if !inner.outlasts(open[len(open)-1].until) {
				continue
			}
			if next.Less(inner.first) {
				upTo(inner.first.Prev())
			}
		}
		next = inner.first
		open = append(open, inner)
	}
	for ; len(open) > 0; open = open[:len(open)-1] {
		upTo(open[len(open)-1].last)
	}
	return spans
}
