package admin_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

func TestImport(t *testing.T) {
	f := newFixture(t)
	for target, lasts := range map[string]string{"203.0.113.1": "30d", "203.0.113.2": "1h"} {
		if _, err := f.Ban(t.Context(), admin.BanRequest{Target: target, For: lasts}); err != nil {
			t.Fatal(err)
		}
	}
	const text = `# a list
203.0.113.1
203.0.113.2
203.0.113.3
203.0.113.3
198.51.100.0/24 ; SBL1
2001:db8::1
2001:db8::2
10.0.0.0/8
127.0.0.1
192.0.2.9
garbage
`
	want := admin.ImportResult{Format: list.Plain, New: 3, Extended: 1, Known: 3, Refused: 4, Refusals: []admin.ImportRefusal{
		{Line: 9, Text: "10.0.0.0/8", Why: "10.0.0.0/8 is wider than a /16 and keeps out very many people; if you mean it, add --force"},
		{Line: 10, Text: "127.0.0.1", Why: "127.0.0.1 is this machine's own address (behind a proxy, that of every visitor); if you mean it, add --force"},
		{Line: 11, Text: "192.0.2.9", Why: "192.0.2.9 is the address that you are connected from; if you mean it, add --force"},
		{Line: 12, Text: "garbage", Why: `"garbage" is neither an address nor a prefix; write one like 203.0.113.7, 2001:db8::1 or 203.0.113.0/24`},
	}}
	req := admin.ImportRequest{Name: "drop.txt", For: "7d", Reason: "On a list.", Own: []string{"192.0.2.9"}, DryRun: true, By: "alice"}
	for _, dry := range []bool{true, false} {
		req.DryRun, want.DryRun = dry, dry
		got, err := f.Import(t.Context(), req, strings.NewReader(text))
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("dry %v: %+v, %v\nwant %+v", dry, got, err, want)
		}
		if n := f.bans.Len(); n != map[bool]int{true: 2, false: 5}[dry] {
			t.Errorf("dry %v: %d bans", dry, n)
		}
	}
	matches, err := f.bans.Matches(netip.MustParseAddr("198.51.100.9"))
	if err != nil || len(matches) != 1 || matches[0].Reason != "On a list." || matches[0].Note != "imported from drop.txt: SBL1" || matches[0].By != "alice" {
		t.Errorf("a ban of the list: %+v, %v", matches, err)
	}
	again, err := f.Import(t.Context(), req, strings.NewReader(text))
	if err != nil || again.New+again.Extended != 0 || again.Known != 7 {
		t.Errorf("again: %+v, %v; want all known", again, err)
	}
}

func TestImportEndsSessions(t *testing.T) {
	f := newFixture(t)
	f.live.join("203.0.113.7")
	f.live.join("2001:db8::5")
	f.live.join("192.0.2.1")
	const text = "203.0.113.0/24\n2001:db8::1\n198.51.100.1\n"
	for _, dry := range []bool{true, false} {
		got, err := f.Import(t.Context(), admin.ImportRequest{DryRun: dry}, strings.NewReader(text))
		if err != nil || got.EndedSessions != 2 {
			t.Errorf("dry %v: %+v, %v; want 2 sessions ended", dry, got, err)
		}
	}
}

func TestImportBreaksOff(t *testing.T) {
	f := newFixture(t)
	var text strings.Builder
	for n := range 25_000 {
		fmt.Fprintln(&text, netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}))
	}
	broken := io.MultiReader(strings.NewReader(text.String()), iotest.ErrReader(errors.New("connection reset")))
	_, err := f.Import(t.Context(), admin.ImportRequest{}, broken)
	wantError(t, "a list that breaks off", err, admin.CodeInternal, "connection reset; the first 20000 bans of it are made")
	if n := f.bans.Len(); n != 20_000 {
		t.Errorf("%d bans are made, want two batches", n)
	}
	if _, err := f.Import(t.Context(), admin.ImportRequest{}, strings.NewReader(text.String())); err != nil || f.bans.Len() != 25_000 {
		t.Errorf("again: %d bans, %v", f.bans.Len(), err)
	}
}

func TestImportRefuses(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		req  admin.ImportRequest
		want string
	}{
		{admin.ImportRequest{Format: "nft"}, "no format of a list"},
		{admin.ImportRequest{Scope: "text"}, "scope"},
		{admin.ImportRequest{For: "soon"}, "not a time"},
		{admin.ImportRequest{For: "1h", Permanent: true}, "leave out one"},
		{admin.ImportRequest{Reason: "a\nb"}, "reason"},
		{admin.ImportRequest{Name: "a\nb"}, "note"},
		{admin.ImportRequest{Name: strings.Repeat("x", 201)}, "name of the list"},
	} {
		_, err := f.Import(t.Context(), tt.req, strings.NewReader("203.0.113.7\n"))
		wantError(t, fmt.Sprintf("%+v", tt.req), err, admin.CodeInvalid, tt.want)
	}
	if n := f.bans.Len(); n != 0 {
		t.Errorf("%d bans are made", n)
	}
}

// What is exported, another store imports; over the socket.
func TestExportImport(t *testing.T) {
	f, other := newFixture(t), newFixture(t)
	client, there := connect(t, serve(t, f)), connect(t, serve(t, other))
	for _, req := range []admin.BanRequest{
		{Target: "203.0.113.7", For: "7d", KeepAddress: true, Reason: "=spam, \"again\""},
		{Target: "198.51.100.0/24", Permanent: true},
		{Target: "2001:db8::/48", For: "24h", Scope: ban.ScopeVideo},
		{Target: "203.0.113.8", For: "7d"}, // a hash
	} {
		if _, err := client.Ban(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	for format, want := range map[list.Format]admin.ExportResult{
		list.CSV: {Format: list.CSV, Written: 3, LeftOut: 1}, list.Plain: {Format: list.Plain, Written: 2, LeftOut: 2},
		list.CrowdSec: {Format: list.CrowdSec, Written: 2, LeftOut: 2}, list.NFT: {Format: list.NFT, Written: 2, LeftOut: 2},
	} {
		var text bytes.Buffer
		if got, err := client.Export(t.Context(), admin.ExportRequest{Format: format}, &text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", format, got, err, want)
		}
		if format != list.CSV {
			continue
		}
		got, err := there.Import(t.Context(), admin.ImportRequest{Name: "bans.csv"}, &text)
		if err != nil || got.New != 3 || got.Format != list.CSV {
			t.Fatalf("import: %+v, %v", got, err)
		}
	}
	for addr, use := range map[string]ban.Use{"203.0.113.7": ban.UseSite, "198.51.100.1": ban.UseSite, "2001:db8::1": ban.UseVideo} {
		a, _ := f.bans.Check(netip.MustParseAddr(addr), use)
		b, banned := other.bans.Check(netip.MustParseAddr(addr), use)
		if !banned || a.Scope != b.Scope || a.Reason != b.Reason || a.Until.Sub(b.Until).Abs().Seconds() > 1 {
			t.Errorf("%s: %+v became %+v, %v", addr, a, b, banned)
		}
	}
	if _, err := client.Export(t.Context(), admin.ExportRequest{Format: "xml"}, io.Discard); err == nil {
		t.Error("exported as xml")
	}
}
