package relay

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

var records = []record{
	{op: opAdmit, session: ident.Session{1}, source: netip.MustParseAddr("192.0.2.1")},
	{op: opAdmit, session: ident.Session{1}, source: netip.MustParseAddr("2001:db8::1")},
	{op: opAdmit, session: ident.Session{1}},
	{op: opDismiss, session: ident.Session{2}},
	{op: opClose, session: ident.Session{2}},
	{op: opJoin, pair: ident.Pair{3}, session: ident.Session{1}, partner: ident.Session{2}},
	{op: opPart, pair: ident.Pair{3}},
	{op: opRenew, digest: digest{sum{1, [16]byte{1}}, sum{2, [16]byte{2}}}},
	{op: opBegin},
	{op: opEnd},
	{op: opHeard, clock: time.UnixMilli(1_800_000_000_123)},
	{op: opAsk},
	{
		op: opHolds, session: ident.Session{1}, relayed: []netip.AddrPort{netip.MustParseAddrPort("198.18.0.1:50000"), netip.MustParseAddrPort("[2001:db8::2]:1")},
		clients: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
	},
	{op: opHolds, session: ident.Session{1}},
	{op: opConnected},
}

func TestRecords(t *testing.T) {
	var message []byte
	for _, r := range records {
		message = append(r.appendTo(message), 77, 0, 1, 'x') // and one of a later version
	}
	for _, want := range records {
		got, rest, err := next(message)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		later, rest, err := next(rest)
		if err != nil || !reflect.DeepEqual(later, record{op: 77}) {
			t.Errorf("a later version's: %+v, %v", later, err)
		}
		message = rest
	}
	if len(message) != 0 {
		t.Errorf("%d bytes are left", len(message))
	}
	mapped := record{op: opAdmit, source: netip.MustParseAddr("::ffff:192.0.2.1")}
	if got, _, _ := next(mapped.appendTo(nil)); got.source != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("a mapped address became %v", got.source)
	}
	for _, r := range records {
		whole := r.appendTo(nil)
		for n := range len(whole) {
			if _, _, err := next(whole[:n]); err == nil {
				t.Errorf("op %d: %d of %d bytes are read", r.op, n, len(whole))
			}
		}
	}
}

// What is read says the same when it is written and read again.
func FuzzRecord(f *testing.F) {
	for _, r := range records {
		f.Add(r.appendTo(nil))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		r, rest, err := next(message)
		if err != nil {
			return
		}
		again, left, err := next(append(r.appendTo(nil), rest...))
		if err != nil || !reflect.DeepEqual(again, r) || string(left) != string(rest) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
		if r.source.Is4In6() || r.source.Zone() != "" {
			t.Errorf("source is %v", r.source)
		}
	})
}

func TestDigest(t *testing.T) {
	one, two := newBook[int, int](), newBook[int, int]()
	for i := range byte(9) {
		one.put(ident.Session{i}, 0)
		one.put(ident.Session{i}, 1)
		two.put(ident.Session{8 - i}, 2)
		one.putPair(ident.Pair{i}, 0)
	}
	if one.digest == two.digest {
		t.Error("pairs make no difference")
	}
	for i := range byte(9) {
		one.removePair(ident.Pair{i})
		one.removePair(ident.Pair{i})
	}
	if one.digest != two.digest {
		t.Error("the same sets have two digests")
	}
	one.remove(ident.Session{3})
	one.remove(ident.Session{3})
	if one.digest == two.digest {
		t.Error("a session makes no difference")
	}
}
