package list_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// banOn is a ban whose address is kept, or that is on a prefix.
func banOn(t testing.TB, text string, lasts time.Duration, reason string) ban.Ban {
	t.Helper()
	target, err := ban.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	b := ban.Ban{Kind: target.Kind(), Reason: reason, Created: now.Add(-time.Minute)}
	if b.Kind == ban.KindPrefix {
		b.Prefix = target.Prefix()
	} else {
		b.Address = text
	}
	if lasts != 0 {
		b.Until = now.Add(lasts)
	}
	return b
}

// scoped returns b with another scope than all.
func scoped(b ban.Ban, scope ban.Scope) ban.Ban {
	b.Scope = scope
	return b
}

// all is bans as the store gives them.
func all(bans ...ban.Ban) iter.Seq2[ban.Ban, error] {
	return func(yield func(ban.Ban, error) bool) {
		for _, b := range bans {
			if !yield(b, nil) {
				return
			}
		}
	}
}

func samples(t testing.TB) []ban.Ban {
	return []ban.Ban{
		banOn(t, "192.0.2.1", time.Hour, "spam"),
		banOn(t, "198.51.100.0/24", 36*time.Hour, ""),
		banOn(t, "2001:db8::1", 0, `said "no", again`),
		banOn(t, "2001:db8:1::1/128", 90*time.Second, "=1+1"),
		banOn(t, "2001:db8:2::/48", 3650*24*time.Hour, "<b>"),
		scoped(banOn(t, "192.0.2.9", 0, ""), ban.ScopeVideo),
		{Kind: ban.KindAddress, Reason: "only a hash"},
		{Kind: ban.KindNet64, Until: now.Add(time.Hour)},
		banOn(t, "203.0.113.9", -time.Second, "over"),
	}
}

func TestWrite(t *testing.T) {
	tests := []struct {
		format list.Format
		want   string
	}{
		{list.Plain, `192.0.2.1 # until 2026-08-12T12:00:00Z; spam
198.51.100.0/24 # until 2026-08-13T23:00:00Z
2001:db8::/64 # permanent; said "no", again
2001:db8:1::1/128 # until 2026-08-12T11:01:30Z; =1+1
2001:db8:2::/48 # until 2036-08-09T11:00:00Z; <b>
`},
		{list.CSV, `target,scope,until,reason
192.0.2.1,all,2026-08-12T12:00:00Z,spam
198.51.100.0/24,all,2026-08-13T23:00:00Z,
2001:db8::/64,all,never,"said ""no"", again"
2001:db8:1::1/128,all,2026-08-12T11:01:30Z,'=1+1
2001:db8:2::/48,all,2036-08-09T11:00:00Z,<b>
192.0.2.9,video,never,
`},
		{list.CrowdSec, `[
{"duration":"1h0m0s","reason":"spam","scope":"Ip","type":"ban","value":"192.0.2.1"},
{"duration":"36h0m0s","scope":"Range","type":"ban","value":"198.51.100.0/24"},
{"duration":"876000h0m0s","reason":"said \"no\", again","scope":"Range","type":"ban","value":"2001:db8::/64"},
{"duration":"1m30s","reason":"=1+1","scope":"Range","type":"ban","value":"2001:db8:1::1/128"},
{"duration":"87600h0m0s","reason":"\u003cb\u003e","scope":"Range","type":"ban","value":"2001:db8:2::/48"}
]
`},
		{list.Fail2ban, `192.0.2.1 	2026-08-12 12:59:00 + 3660 = 2026-08-12 14:00:00
198.51.100.0/24 	2026-08-12 12:59:00 + 129660 = 2026-08-14 01:00:00
2001:db8::/64 	2026-08-12 12:59:00 + -1 = 9999-12-31 23:59:59
2001:db8:1::1/128 	2026-08-12 12:59:00 + 150 = 2026-08-12 13:01:30
2001:db8:2::/48 	2026-08-12 12:59:00 + 315360060 = 2036-08-09 13:00:00
`},
		{list.NFT, `# Load with nft -f. It replaces the table inet joingyd, and nothing else.
table inet joingyd
delete table inet joingyd

table inet joingyd {
	set banned4 {
		type ipv4_addr
		flags interval, timeout
		elements = {
			192.0.2.1 timeout 1h0m0s,
			198.51.100.0-198.51.100.255 timeout 36h0m0s
		}
	}

	set banned6 {
		type ipv6_addr
		flags interval, timeout
		elements = {
			2001:db8::-2001:db8::ffff:ffff:ffff:ffff,
			2001:db8:1::1 timeout 1m30s,
			2001:db8:2::-2001:db8:2:ffff:ffff:ffff:ffff:ffff timeout 87600h0m0s
		}
	}

	chain input {
		type filter hook input priority filter - 10; policy accept;
		ip saddr @banned4 drop
		ip6 saddr @banned6 drop
	}
}
`},
	}
	for _, tt := range tests {
		t.Run(string(tt.format), func(t *testing.T) {
			var got strings.Builder
			written, leftOut, err := list.Write(&got, tt.format, all(samples(t)...), now)
			want, wantOut := 5, 3
			if tt.format == list.CSV {
				want, wantOut = 6, 2 // it knows scopes
			}
			if written != want || leftOut != wantOut || err != nil {
				t.Errorf("%d written, %d left out, %v; want %d, %d", written, leftOut, err, want, wantOut)
			}
			if got.String() != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), tt.want)
			}
		})
	}
}

// nft knows no fractions, and a ban is never over before its end.
func TestWriteNFTInWholeSeconds(t *testing.T) {
	b := banOn(t, "192.0.2.1", 90*time.Second+time.Millisecond, "")
	var out strings.Builder
	if _, _, err := list.Write(&out, list.NFT, all(b), now.Add(500*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "192.0.2.1 timeout 1m31s\n") {
		t.Errorf("got:\n%s\nwant a timeout of 1m31s", out.String())
	}
}

func TestWriteNothing(t *testing.T) {
	for _, format := range list.Writable() {
		var out strings.Builder
		if written, leftOut, err := list.Write(&out, format, all(), now); written != 0 || leftOut != 0 || err != nil {
			t.Errorf("%s: %d written, %d left out, %v; want nothing", format, written, leftOut, err)
		}
		if format != list.NFT {
			check(t, read(strings.NewReader(out.String()), format), nil)
		}
	}
}

// What is written is read as the same targets, with ends at most a second later.
func TestRoundTrip(t *testing.T) {
	for _, format := range list.Readable() {
		t.Run(string(format), func(t *testing.T) {
			bans := samples(t)[:5]
			if format == list.CSV {
				bans = samples(t)[:6]
			}
			bans[0].Until = bans[0].Until.Add(123 * time.Millisecond)
			var out bytes.Buffer
			if _, _, err := list.Write(&out, format, all(bans...), now); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if got := list.Detect(out.Bytes(), ""); got != format {
				t.Errorf("Detect = %s", got)
			}
			i := 0
			for item, err := range list.Read(&out, format, now) {
				if err != nil || i == len(bans) {
					t.Fatalf("%v: %v of\n%s", item, err, text)
				}
				sameBan(t, item, bans[i])
				if format == list.CSV && (item.Reason != bans[i].Reason || item.Scope != cmp.Or(bans[i].Scope, ban.ScopeAll)) {
					t.Errorf("reason %q, scope %q; want %q, %q", item.Reason, item.Scope, bans[i].Reason, bans[i].Scope)
				}
				i++
			}
			if i != len(bans) {
				t.Errorf("%d of %d read back from\n%s", i, len(bans), text)
			}
		})
	}
}

// sameBan compares what was read with what was written.
func sameBan(t *testing.T, item list.Item, b ban.Ban) {
	t.Helper()
	text := b.Address
	if b.Kind == ban.KindPrefix {
		text = b.Prefix.String()
	}
	target, err := ban.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	late := item.Until.Sub(b.Until)
	if item.Target.Prefix() != target.Prefix() || item.Permanent != b.Permanent() || !item.Permanent && (late < 0 || late > time.Second) {
		t.Errorf("read %s until %v, permanent %t; wrote %s until %v", item.Target, item.Until, item.Permanent, target, b.Until)
	}
}

// A reason with whatever the store would refuse ends no line, and makes no
// formula.
func TestWriteReasonsStayInTheirPlace(t *testing.T) {
	for _, start := range []string{"=", "+", "-", "@", "＝", "\t=", "\r=", "  =", "'="} {
		reason := start + "cmd|' /c calc'!A0\n203.0.113.1,\r\n203.0.113.2 \x1b[2J\u2028"
		for _, format := range list.Writable() {
			var out bytes.Buffer
			if _, _, err := list.Write(&out, format, all(banOn(t, "192.0.2.1", time.Hour, reason)), now); err != nil {
				t.Fatal(err)
			}
			if text := out.String(); strings.ContainsAny(text, "\r\x1b\u2028") || strings.Contains(text, "\n203") {
				t.Errorf("%s wrote %q", format, text)
			}
			if format != list.CSV {
				continue
			}
			records, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(records) != 2 {
				t.Fatal(records, err)
			}
			if cell := records[1][3]; cell[0] != '\'' {
				t.Errorf("the reason %q became the cell %q; want a ' in front", reason, cell)
			}
		}
	}
}

func TestWritePassesErrorsOn(t *testing.T) {
	broken := errors.New("the disk is on fire")
	bans := func(yield func(ban.Ban, error) bool) {
		_ = yield(banOn(t, "192.0.2.1", 0, ""), nil) && yield(ban.Ban{}, broken)
	}
	for _, format := range list.Writable() {
		if written, _, err := list.Write(new(bytes.Buffer), format, bans, now); written != 1 || err != broken {
			t.Errorf("%s: %d written, %v; want 1, %v", format, written, err, broken)
		}
		if _, _, err := list.Write(brokenWriter{broken}, format, all(samples(t)...), now); err != broken {
			t.Errorf("%s: %v; want %v", format, err, broken)
		}
	}
	if _, _, err := list.Write(new(bytes.Buffer), "yaml", bans, now); err == nil || !strings.Contains(err.Error(), `the format "yaml" is none of ["plain"`) {
		t.Errorf("format yaml: %v", err)
	}
}

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

func ExampleWrite() {
	now := time.Date(2026, 8, 12, 12, 0, 0, 0, time.UTC)
	bans := func(yield func(ban.Ban, error) bool) {
		_ = yield(ban.Ban{Kind: ban.KindPrefix, Prefix: netip.MustParsePrefix("192.0.2.0/24"), Until: now.Add(time.Hour)}, nil) &&
			yield(ban.Ban{Kind: ban.KindAddress}, nil)
	}
	var out strings.Builder
	written, leftOut, err := list.Write(&out, list.Plain, bans, now)
	fmt.Print(out.String())
	fmt.Println(written, leftOut, err)
	// Output:
	// 192.0.2.0/24 # until 2026-08-12T13:00:00Z
	// 1 1 <nil>
}
