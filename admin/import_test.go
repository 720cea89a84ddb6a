package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

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
	want := admin.ImportResult{
		Format: list.Plain, New: 3, Extended: 1, Known: 3, Refused: 4, NoEnd: 4, For: "168h0m0s",
		Reasons: []admin.ImportReason{
			{Why: "it is neither an address nor a prefix; write one like 203.0.113.7, 2001:db8::1 or 203.0.113.0/24", Lines: 1},
			{Why: "it is the address that you are connected from; if you mean it, add --force", Lines: 1},
			{Why: "it is this machine's own address (behind a proxy, that of every visitor); if you mean it, add --force", Lines: 1},
			{Why: "it is wider than a /16 and keeps out very many people; if you mean it, add --force", Lines: 1},
		},
		Refusals: []admin.ImportRefusal{
			{Line: 9, Text: "10.0.0.0/8", Why: "10.0.0.0/8 is wider than a /16 and keeps out very many people; if you mean it, add --force"},
			{Line: 10, Text: "127.0.0.1", Why: "127.0.0.1 is this machine's own address (behind a proxy, that of every visitor); if you mean it, add --force"},
			{Line: 11, Text: "192.0.2.9", Why: "192.0.2.9 is the address that you are connected from; if you mean it, add --force"},
			{Line: 12, Text: "garbage", Why: `"garbage" is neither an address nor a prefix; write one like 203.0.113.7, 2001:db8::1 or 203.0.113.0/24`},
		},
	}
	client := connect(t, serve(t, f))
	req := admin.ImportRequest{Name: "drop.txt", For: "7d", Reason: "On a list.", Note: "ticket 17", Own: []string{"192.0.2.8", "192.0.2.9"}, DryRun: true}
	for _, dry := range []bool{true, false} {
		req.DryRun, want.DryRun = dry, dry
		got, err := client.Import(t.Context(), req, strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("dry %v: %+v, %v\nwant %+v", dry, got, err, want)
		}
		if n := f.bans.Len(); n != map[bool]int{true: 2, false: 5}[dry] {
			t.Errorf("dry %v: %d bans", dry, n)
		}
	}
	matches, err := f.bans.Matches(netip.MustParseAddr("198.51.100.9"))
	if err != nil || len(matches) != 1 || matches[0].Reason != "On a list." || matches[0].Note != "ticket 17; imported from drop.txt: SBL1" {
		t.Errorf("a ban of the list: %+v, %v", matches, err)
	}
	again, err := client.Import(t.Context(), req, strings.NewReader(text))
	if err != nil || again.New+again.Extended != 0 || again.Known != 7 {
		t.Errorf("again: %+v, %v; want all known", again, err)
	}
	req.Force = true
	if forced, err := client.Import(t.Context(), req, strings.NewReader(text)); err != nil || forced.New != 3 || forced.Refused != 1 {
		t.Errorf("with force: %+v, %v; want the three that look like mistakes", forced, err)
	}
}

// What a ban is, where the list says so and where it does not.
func TestImportedBans(t *testing.T) {
	f := newFixture(t)
	const text = `target,scope,until,reason,comment
203.0.113.1,,,,
203.0.113.2,relay,2026-03-02T00:00:00.1Z,Bot.,seen twice
203.0.113.3,video,never,,
203.0.113.4,,2h,,
198.51.100.0/24,,2h,,
`
	for _, target := range []string{"203.0.113.4/30", "198.51.100.0/25"} { // all of one, and a half of another
		if _, err := f.Allow(t.Context(), admin.AllowRequest{Target: target, Note: "friends"}); err != nil {
			t.Fatal(err)
		}
	}
	req := admin.ImportRequest{Name: "bans.csv", Scope: ban.ScopeVideo, Reason: "Listed.", KeepAddress: true, By: "alice"}
	got, err := f.Import(t.Context(), req, strings.NewReader(text))
	if err != nil || got.New != 5 || got.Permanent != 1 || got.NoEnd != 1 || got.For != "24h0m0s" || got.Allowed != 1 {
		t.Errorf("%+v, %v; want one permanent, one with the default's end, one in vain", got, err)
	}
	second := noon.Truncate(time.Second).Add(time.Second) // ends are rounded up
	want := []ban.Ban{
		{Address: "203.0.113.1", Scope: ban.ScopeVideo, Until: second.Add(24 * time.Hour), Reason: "Listed.", Note: "imported from bans.csv"},
		{Address: "203.0.113.2", Scope: ban.ScopeRelay, Until: time.Date(2026, 3, 2, 0, 0, 1, 0, time.UTC), Reason: "Bot.", Note: "imported from bans.csv: seen twice"},
		{Address: "203.0.113.3", Scope: ban.ScopeVideo, Reason: "Listed.", Note: "imported from bans.csv"},
		{Address: "203.0.113.4", Scope: ban.ScopeVideo, Until: second.Add(2 * time.Hour), Reason: "Listed.", Note: "imported from bans.csv"},
		{
			Prefix: netip.MustParsePrefix("198.51.100.0/24"), Address: "198.51.100.0/24", Scope: ban.ScopeVideo,
			Until: second.Add(2 * time.Hour), Reason: "Listed.", Note: "imported from bans.csv",
		},
	}
	at := 0
	for b, err := range f.bans.Active() {
		if err != nil {
			t.Fatal(err)
		}
		if b.By != "alice" {
			t.Errorf("%+v: by %s, want alice", b, b.By)
		}
		if b.Decider() != ban.ByList {
			t.Errorf("%+v: decided by a %s", b, b.Decider())
		}
		b.ID, b.Kind, b.By, b.Created, b.Imported = 0, "", "", time.Time{}, false
		if at < len(want) && b != want[at] {
			t.Errorf("%+v\nwant %+v", b, want[at])
		}
		at++
	}
	if at != len(want) {
		t.Errorf("%d bans, want %d", at, len(want))
	}
}

// A dry run counts what the real one does, though it makes nothing to look up.
func TestDryRunCountsTheSame(t *testing.T) {
	f := newFixture(t)
	for _, req := range []admin.BanRequest{
		{Target: "203.0.113.1", For: "12h"}, {Target: "203.0.113.2", Permanent: true}, {Target: "203.0.113.3", For: "10d", Scope: ban.ScopeVideo},
	} {
		if _, err := f.Ban(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	fmt.Fprintln(&text, "203.0.113.9 # permanent")
	for n := range 12_000 { // more than one batch
		fmt.Fprintf(&text, "%s # until 2026-03-0%dT00:00:00Z\n", netip.AddrFrom4([4]byte{11, 0, byte(n >> 8), byte(n)}), 2+n%2)
	}
	for _, line := range []string{
		"203.0.113.1 # until 2026-03-02T00:00:00Z", "203.0.113.1 # until 2026-03-03T00:00:00Z", "203.0.113.1 # permanent", // longer and longer
		"203.0.113.9", "203.0.113.1", "203.0.113.2", "203.0.113.4 # permanent", "203.0.113.4", "203.0.113.4/31", "203.0.113.4/31 # permanent",
		"11.0.0.0 # until 2026-03-04T00:00:00Z", "11.0.0.1 # until 2026-03-02T00:00:00Z", "::ffff:11.0.0.2", "2001:db8::1", "2001:db8::2", "2001:db8::1/128",
	} {
		fmt.Fprintln(&text, line)
	}
	var results []admin.ImportResult
	for _, scope := range []ban.Scope{ban.ScopeRelay, ban.ScopeVideo, ban.ScopeAll} {
		for _, dry := range []bool{true, false} {
			got, err := f.Import(t.Context(), admin.ImportRequest{Scope: scope, DryRun: dry}, strings.NewReader(text.String()))
			if err != nil {
				t.Fatal(err)
			}
			got.DryRun = false
			results = append(results, got)
		}
		dry, made := results[len(results)-2], results[len(results)-1]
		if !reflect.DeepEqual(dry, made) {
			t.Errorf("scope %s: %+v\nin a dry run %+v", scope, made, dry)
		}
	}
	for n, want := range []struct{ new, extended, known int }{{12_006, 4, 7}, {12_006, 4, 7}, {12_005, 5, 7}} {
		if got := results[2*n]; got.New != want.new || got.Extended != want.extended || got.Known != want.known {
			t.Errorf("import %d: %d new, %d extended, %d known; want %+v", n, got.New, got.Extended, got.Known, want)
		}
	}
	for _, address := range []string{"203.0.113.1", "203.0.113.4"} { // whose longest end is not the last
		target, err := ban.ParseTarget(address)
		if err != nil {
			t.Fatal(err)
		}
		if until, banned := f.bans.Lookup(target, ban.ScopeAll); !banned || !until.IsZero() {
			t.Errorf("%s is banned until %v, %v; want for good", address, until, banned)
		}
	}
}

func TestImportEndsSessions(t *testing.T) {
	f := newFixture(t)
	f.live.join("203.0.113.7")
	f.live.join("2001:db8::5")
	f.live.join("192.0.2.1")    // not on the list
	f.live.join("203.0.113.99") // on it, and allowed
	f.live.join("192.0.2.77")   // banned from the relay alone
	if _, err := f.Allow(t.Context(), admin.AllowRequest{Target: "203.0.113.99"}); err != nil {
		t.Fatal(err)
	}
	const text = "target,scope\n203.0.113.0/24,\n2001:db8::1,\n198.51.100.1,\n192.0.2.77,relay\n"
	for _, dry := range []bool{true, false} {
		got, err := f.Import(t.Context(), admin.ImportRequest{DryRun: dry}, strings.NewReader(text))
		if err != nil || got.New != 4 || got.EndedSessions != 2 {
			t.Errorf("dry %v: %+v, %v; want 2 sessions ended", dry, got, err)
		}
		if online, want := f.live.Status().Online, map[bool]int{true: 5, false: 3}[dry]; online != want {
			t.Errorf("dry %v: %d sessions are left, want %d", dry, online, want)
		}
	}
}

// sessionsLeft notes how many sessions there are when a list has been read so far.
type sessionsLeft struct {
	io.Reader
	live *live
	left []int
}

func (s *sessionsLeft) Read(p []byte) (int, error) {
	s.left = append(s.left, s.live.Status().Online)
	return s.Reader.Read(p)
}

func TestImportEndsSessionsOnTheWay(t *testing.T) {
	f := newFixture(t)
	f.live.join("11.0.0.0")
	r := &sessionsLeft{Reader: strings.NewReader(addresses(60_000)), live: f.live}
	got, err := f.Import(t.Context(), admin.ImportRequest{}, r)
	if err != nil || got.EndedSessions != 1 || got.New != 60_000 {
		t.Fatalf("%+v, %v", got, err)
	}
	if r.left[0] != 1 || r.left[len(r.left)-1] != 0 {
		t.Errorf("sessions at the start %d, before the end %d; want 1 and 0", r.left[0], r.left[len(r.left)-1])
	}
}

// addresses is a list of so many.
func addresses(n int) string {
	var text strings.Builder
	for n := range n {
		fmt.Fprintln(&text, netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}))
	}
	return text.String()
}

func TestImportBreaksOff(t *testing.T) {
	f := newFixture(t)
	broken := func(lines int) io.Reader {
		return io.MultiReader(strings.NewReader(addresses(lines)), iotest.ErrReader(errors.New("connection reset")))
	}
	_, err := f.Import(t.Context(), admin.ImportRequest{}, broken(9_000))
	wantError(t, "a short list that breaks off", err, admin.CodeInternal, "connection reset; nothing of it is in force")
	f.live.join("11.0.0.0")
	f.log.Reset()
	_, err = f.Import(t.Context(), admin.ImportRequest{}, broken(25_000))
	wantError(t, "a list that breaks off", err, admin.CodeInternal, "connection reset; up to line 20000 it is in force, and importing it again makes the rest")
	if n := f.bans.Len(); n != 20_000 || f.live.Status().Online != 0 {
		t.Errorf("%d bans are made and %d sessions left, want two batches and none", n, f.live.Status().Online)
	}
	if log := f.log.String(); !strings.Contains(log, "broken off") || !strings.Contains(log, "up_to_line=20000") || !strings.Contains(log, "new=20000") {
		t.Errorf("log = %s", log)
	}
	_, err = f.Import(t.Context(), admin.ImportRequest{DryRun: true}, broken(25_000))
	wantError(t, "a dry run that breaks off", err, admin.CodeInternal, "nothing of it is in force")
	if got, err := f.Import(t.Context(), admin.ImportRequest{}, strings.NewReader(addresses(25_000))); err != nil || got.New != 5_000 || got.Known != 20_000 {
		t.Errorf("again: %+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Import(ctx, admin.ImportRequest{}, strings.NewReader(addresses(1)))
	wantError(t, "nobody waits", err, admin.CodeInternal, "context canceled")
}

// A ban can end while the list is read. The store would take none of its batch.
func TestImportOfABanThatEndsMeanwhile(t *testing.T) {
	f := newFixture(t)
	now := noon
	f.reopen(func(o *admin.Options) { o.Now = func() time.Time { return now } })
	text := &clockMover{Reader: strings.NewReader("203.0.113.1 # until 2026-03-01T12:05:00Z\n203.0.113.2 # until 2026-03-01T13:00:00Z\n"), now: &now}
	got, err := f.Import(t.Context(), admin.ImportRequest{Format: list.Plain}, text)
	if err != nil || got.New != 1 || got.Refused != 1 || got.Refusals[0].Line != 1 || !strings.Contains(got.Refusals[0].Why, "has ended by now") {
		t.Errorf("%+v, %v; want the first refused", got, err)
	}
}

// clockMover lets five minutes pass at the end of a list.
type clockMover struct {
	io.Reader
	now *time.Time
}

func (c *clockMover) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		*c.now = noon.Add(5 * time.Minute)
	}
	return n, err
}

// repeated is text so many times.
type repeated struct {
	text  string
	times int
	rest  string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.times--
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestImportNamesTheReasonsOfAll(t *testing.T) {
	f := newFixture(t)
	var text strings.Builder
	for n := range 30 {
		fmt.Fprintf(&text, "garbage%d\n10.0.0.0/%d\n", n, 8+n%2)
	}
	fmt.Fprintln(&text, "203.0.113.1")
	got, err := f.Import(t.Context(), admin.ImportRequest{}, strings.NewReader(text.String()))
	if err != nil || got.Refused != 60 || len(got.Refusals) != 20 || got.New != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := []admin.ImportReason{
		{Why: "it is neither an address nor a prefix; write one like 203.0.113.7, 2001:db8::1 or 203.0.113.0/24", Lines: 30},
		{Why: "it is wider than a /16 and keeps out very many people; if you mean it, add --force", Lines: 30},
	}
	if !reflect.DeepEqual(got.Reasons, want) {
		t.Errorf("reasons: %+v, want %+v", got.Reasons, want)
	}

	text.Reset()
	fmt.Fprintln(&text, "target,reason")
	for n := range 30 { // of which none is like another
		fmt.Fprintf(&text, "203.0.113.1,%s\n", strings.Repeat("x", 201+n))
	}
	got, err = f.Import(t.Context(), admin.ImportRequest{}, strings.NewReader(text.String()))
	if err != nil || got.Refused != 30 || len(got.Reasons) != 20 || got.Reasons[0] != (admin.ImportReason{Why: "other reasons", Lines: 11}) {
		t.Errorf("%+v, %v; want 20 reasons, the rest as others", got, err)
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
		{admin.ImportRequest{Note: "a\nb"}, "note"},
		{admin.ImportRequest{Name: strings.Repeat("x", 201)}, "name of the list"},
		{admin.ImportRequest{Note: strings.Repeat("x", 501)}, "shorten it to 500"},
		{admin.ImportRequest{Own: []string{"x"}}, "is not an address of yours"},
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
	net, err := ban.ParseTarget("2001:db8:7::/56")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.bans.Add(ban.Entry{Target: net, By: "auto:widen", Until: noon.Add(time.Hour + 300*time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[list.Format]admin.ExportResult{
		list.CSV: {Format: list.CSV, Written: 4, Hidden: 1}, list.Plain: {Format: list.Plain, Written: 3, Hidden: 1, OtherScope: 1},
		list.CrowdSec: {Format: list.CrowdSec, Written: 3, Hidden: 1, OtherScope: 1}, list.NFT: {Format: list.NFT, Written: 3, Hidden: 1, OtherScope: 1},
	} {
		var text bytes.Buffer
		if got, err := client.Export(t.Context(), admin.ExportRequest{Format: format}, &text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", format, got, err, want)
		}
		if format != list.CSV {
			continue
		}
		same, err := client.Import(t.Context(), admin.ImportRequest{Name: "bans.csv"}, bytes.NewReader(text.Bytes()))
		if err != nil || same.Known != 4 || same.New+same.Extended+same.Refused != 0 {
			t.Errorf("import where it comes from: %+v, %v; want all known", same, err)
		}
		got, err := there.Import(t.Context(), admin.ImportRequest{Name: "bans.csv"}, &text)
		if err != nil || got.New != 4 || got.Format != list.CSV {
			t.Fatalf("import: %+v, %v", got, err)
		}
	}
	for addr, use := range map[string]ban.Use{"203.0.113.7": ban.UseSite, "198.51.100.1": ban.UseSite, "2001:db8::1": ban.UseVideo, "2001:db8:7::1": ban.UseSite} {
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

// CrowdSec says how long a decision goes on from when it wrote the list.
func TestImportAgainALittleLater(t *testing.T) {
	f := newFixture(t)
	now := noon
	f.reopen(func(o *admin.Options) { o.Now = func() time.Time { return now } })
	const text = `[{"value":"203.0.113.1","scope":"Ip","type":"ban","duration":"4h"}]`
	for _, tt := range []struct {
		after time.Duration
		want  admin.ImportResult
	}{{0, admin.ImportResult{New: 1}}, {time.Minute, admin.ImportResult{Known: 1}}, {62 * time.Second, admin.ImportResult{Extended: 1}}} {
		now = noon.Add(tt.after)
		got, err := f.Import(t.Context(), admin.ImportRequest{}, strings.NewReader(text))
		if err != nil || got.New != tt.want.New || got.Known != tt.want.Known || got.Extended != tt.want.Extended {
			t.Errorf("after %v: %+v, %v; want %+v", tt.after, got, err, tt.want)
		}
	}
}
