package admin

import (
	"encoding/json"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/privacy"
)

// shelf is a service on stores in a directory, which can be closed and opened again as a
// process that was killed and started would.
type shelf struct {
	*Service
	t     *testing.T
	dir   string
	audit string
	close func()
}

var me, other = netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")

func openShelf(t *testing.T) *shelf {
	k := &shelf{t: t, dir: t.TempDir()}
	k.audit = filepath.Join(k.dir, "audit")
	k.open()
	t.Cleanup(func() { k.close() })
	return k
}

func (k *shelf) open() {
	k.t.Helper()
	fail := func(err error) {
		k.t.Helper()
		if err != nil {
			k.t.Fatal(err)
		}
	}
	bans, err := ban.Open(filepath.Join(k.dir, "joingyd.db"), ban.Keys{{1}}, nil)
	fail(err)
	cases, err := moderate.Open(filepath.Join(k.dir, "moderation.db"), moderate.Options{})
	fail(err)
	rows, err := iplog.Open(filepath.Join(k.dir, "iplog"), iplog.Options{Seal: func(plain []byte) ([]byte, error) { return slices.Clone(plain), nil }, Days: 30})
	fail(err)
	requests, err := privacy.Open(filepath.Join(k.dir, "privacy"), privacy.Options{})
	fail(err)
	log, err := audit.Open(k.audit, audit.Options{})
	fail(err)
	k.Service = NewService(bans, &Options{Cases: cases, IPLog: rows, Requests: requests, Audit: log})
	k.close = func() { fail(errors.Join(bans.Close(), cases.Close(), rows.Close(), requests.Close(), log.Close())) }
}

// reopen is what a process does that was killed between two writes.
func (k *shelf) reopen() {
	k.t.Helper()
	k.close()
	k.open()
}

// fill has somebody come, report and be reported.
func (k *shelf) fill() (decided, waits string) {
	k.t.Helper()
	for _, addr := range []netip.Addr{me, other} {
		k.opts.IPLog.Add(iplog.Event{At: time.Now(), Kind: iplog.Came, Session: "of-" + addr.String(), Address: netip.AddrPortFrom(addr, 5)})
	}
	k.opts.IPLog.Flush()
	file := func(session string, suspect, reporter netip.Addr) string {
		id, err := k.opts.Cases.File(moderate.Filing{
			ID: moderate.NewID(), Reason: "spam", At: time.Now(), Session: session, Suspects: []string{k.bans.Pseudonym(suspect).String()}, Reporter: k.bans.Pseudonym(reporter).String(),
		})
		if err != nil {
			k.t.Fatal(err)
		}
		return id
	}
	decided, waits = file("one", me, other), file("two", me, other)
	judged := file("three", other, me)
	for _, id := range []string{decided, judged} {
		if _, err := k.opts.Cases.Decide(id, moderate.Decision{Do: moderate.Warn, By: "ann", Reason: "spam"}); err != nil {
			k.t.Fatal(err)
		}
	}
	return decided, waits
}

// checkErased reports whether nothing is there of somebody but what stays.
func (k *shelf) checkErased(decided, waits, request string) {
	k.t.Helper()
	for addr, want := range map[netip.Addr]int{me: 0, other: 1} {
		if rows, err := k.opts.IPLog.Find(iplog.Query{Address: addr}); err != nil || len(rows) != want {
			k.t.Errorf("%s has %d rows, %v, want %d", addr, len(rows), err, want)
		}
	}
	if _, err := k.opts.Cases.Get(decided); !errors.Is(err, moderate.ErrNotFound) {
		k.t.Errorf("the decided case: %v", err)
	}
	found, err := k.opts.Cases.Concerning(moderate.Subject{Pseudonyms: []string{k.bans.Pseudonym(me).String()}})
	if err != nil || len(found.Cases) != 1 || found.Cases[0].ID != waits || found.Said != 0 || len(found.Words) != 0 {
		k.t.Errorf("left: %+v, %v", found, err)
	}
	r, err := k.opts.Requests.Get(request)
	if err != nil || r.State != privacy.StateDone || len(r.Subject.Pseudonyms) != 0 {
		k.t.Errorf("%+v, %v", r, err)
	}
}

// A process that is killed at any step of an erasure completes it when it starts again.
func TestErasureSurvivesEachStep(t *testing.T) {
	for steps := range 5 {
		k := openShelf(t)
		decided, waits := k.fill()
		subject, err := k.Mark(me, "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.opts.Requests.Add(privacy.Request{Kind: privacy.Erase, By: "root", Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		all := k.eraseSteps()
		if len(all) != 5 {
			t.Fatalf("there are %d steps: try each", len(all))
		}
		e, err := k.erasingOf(r.ID, "root", 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range all[:steps] {
			if err := step.do(t.Context(), e); err != nil {
				t.Fatal(step.name, err)
			}
		}
		k.reopen()
		pending := k.opts.Requests.Pending()
		if len(pending) != 1 || pending[0].ID != r.ID {
			t.Fatalf("after %d steps: pending %v", steps, pending)
		}
		if _, err := k.CarryOut(t.Context(), r.ID, "auto:request", 0); err != nil {
			t.Errorf("after %d steps: %v", steps, err)
		}
		k.checkErased(decided, waits, r.ID)
	}
}

// An operator sees what is held and erases it; nothing written names the address.
func TestAccessAndErase(t *testing.T) {
	k := openShelf(t)
	decided, waits := k.fill()
	if _, err := k.opts.IPLog.Hold(iplog.Query{Address: me}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Ban(t.Context(), BanRequest{Target: me.String(), Reason: "spam", Scope: ban.ScopeVideo, For: "2h"}); err != nil {
		t.Fatal(err)
	}
	data, err := k.DataOf(t.Context(), SubjectRequest{Address: me.String(), By: "root"})
	if err != nil || len(data.Bans) != 1 || len(data.Cases) != 2 || data.Said != 1 || len(data.Reporter) != 1 || len(data.Rows) != 1 {
		t.Errorf("%+v, %v", data, err)
	}
	told, err := json.Marshal(data)
	if err != nil || strings.Contains(string(told), k.bans.Pseudonym(other).String()) {
		t.Errorf("who reported is told: %s, %v", told, err)
	}
	held, err := k.Categories(t.Context(), me, "")
	if err != nil || !held["bans"] || held["ended_bans"] || !held["cases"] || !held["reporters"] || !held["ip_log"] {
		t.Errorf("%v, %v", held, err)
	}
	dry, err := k.Erase(t.Context(), EraseRequest{Address: me.String(), DryRun: true, By: "root"})
	if err != nil || len(k.opts.Requests.List(true)) != 0 {
		t.Errorf("%+v, %v", dry, err)
	}
	done, err := k.Erase(t.Context(), EraseRequest{Address: me.String(), By: "root"})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, store := range done.Stores {
		lines = append(lines, store.String())
		if i < len(dry.Stores) && dry.Stores[i].String() != store.String() {
			t.Errorf("a dry run said %q, and it is %q", dry.Stores[i], store)
		}
	}
	want := []string{
		"rows of the IP log: 1 erased, 1 left: on hold", "cases that have ended: 1 erased", "records of how good a reporter's word is: 1 erased", "names in cases about others: 1 erased",
		"open cases: 0 erased, 1 left: to be judged first (" + waits + ")", "bans, and that there were some: 0 erased, 1 left: they protect others until they end, and their history for a year",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q\nwant %q", lines, want)
	}
	for e, err := range audit.Entries(k.audit) {
		text, _ := json.Marshal(e)
		if err != nil || strings.Contains(string(text), "203.0.113") {
			t.Errorf("the audit log has %s, %v", text, err)
		}
	}
	if _, err := k.Erase(t.Context(), EraseRequest{Request: done.Request}); err == nil || !strings.Contains(err.Error(), "ended already") {
		t.Errorf("again: %v", err)
	}
	if _, err := k.opts.Cases.Get(decided); !errors.Is(err, moderate.ErrNotFound) {
		t.Error(err)
	}
}

// After two rotations an address finds what is under every key that is still there, and
// what it cannot find is counted.
func TestAccessAfterRotations(t *testing.T) {
	k := openShelf(t)
	rotate := func(n byte) {
		t.Helper()
		if err := k.bans.Rotate(ban.Key{n}, func(ban.Keys) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	file := func() {
		t.Helper()
		id, err := k.opts.Cases.File(moderate.Filing{ID: moderate.NewID(), Reason: "spam", At: time.Now(), Session: "one", Suspects: []string{k.bans.Pseudonym(me).String()}, Reporter: "a"})
		if err == nil {
			_, err = k.opts.Cases.Decide(id, moderate.Decision{Do: moderate.Warn, By: "ann", Reason: "spam"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	finds := func(bans, ended, cases int, unread Unread) {
		t.Helper()
		data, err := k.DataOf(t.Context(), SubjectRequest{Address: me.String(), By: "root"})
		if err != nil || len(data.Bans) != bans || len(data.Ended) != ended || len(data.Cases) != cases || data.Unread != unread {
			t.Errorf("%d bans, %d ended, %d cases, %+v, %v; want %d, %d, %d, %+v", len(data.Bans), len(data.Ended), len(data.Cases), data.Unread, err, bans, ended, cases, unread)
		}
	}
	if _, err := k.Ban(t.Context(), BanRequest{Target: me.String(), Reason: "spam", Scope: ban.ScopeVideo, For: "2h"}); err != nil {
		t.Fatal(err)
	}
	file()
	for n := range byte(2) {
		rotate(n + 2)
		file()
	}
	finds(1, 0, 3, Unread{}) // the ban keeps the first key
	if _, err := k.Unban(t.Context(), UnbanRequest{Target: me.String()}); err != nil {
		t.Fatal(err)
	}
	finds(0, 1, 3, Unread{})
	rotate(4)
	finds(0, 0, 1, Unread{Ended: 1, Cases: 2})
	done, err := k.Erase(t.Context(), EraseRequest{Address: me.String(), By: "root"})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, store := range done.Stores {
		text.WriteString(store.String() + "\n")
	}
	if !strings.Contains(text.String(), "cases that have ended: 1 erased\n") ||
		!strings.Contains(text.String(), "\nkept under keys that rotations have dropped, of anybody: 0 erased, 3 left: nobody can tell whose they are, and each goes at its time (bans that have ended: 1, cases: 2,") {
		t.Errorf("%s", &text)
	}
	finds(0, 0, 0, Unread{Ended: 1, Cases: 2})
}

// What a visitor asks is answered or refused once.
func TestRequests(t *testing.T) {
	k := openShelf(t)
	add := func(kind privacy.Kind) string {
		r, err := k.opts.Requests.Add(privacy.Request{Kind: kind, By: privacy.Visitor, Receipt: string(kind)})
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	see, erase := add(privacy.Access), add(privacy.Erase)
	for _, tt := range []struct {
		req  EndRequest
		want string // of the error
	}{
		{EndRequest{Request: see}, "text is missing"},
		{EndRequest{Request: "x", Text: "y"}, "there is no request"},
		{EndRequest{Text: "y"}, "request is missing"},
		{EndRequest{Request: see, Text: strings.Repeat("x", longestAnswer+1)}, "longer than"},
		{EndRequest{Request: erase, Text: "y"}, "happens by itself"},
		{EndRequest{Request: see, Text: "two visits"}, ""},
		{EndRequest{Request: see, Text: "again"}, "ended already"},
		{EndRequest{Request: erase, Text: "no", Refuse: true}, ""},
	} {
		_, err := k.EndPrivacyRequest(t.Context(), tt.req)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.req, err, tt.want)
		}
	}
	list, err := k.PrivacyRequests(t.Context(), true)
	if err != nil || len(list.Requests) != 2 || list.Counts["done"] != 1 || list.Counts["refused"] != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, req := range []SubjectRequest{{}, {Address: "x"}, {Session: "x"}, {Address: "203.0.113.7", Request: "y"}, {Request: see}, {Request: "nobody"}, {Session: strings.Repeat("a", 26), From: time.Unix(9, 0), To: time.Unix(1, 0)}} {
		if _, err := k.DataOf(t.Context(), req); err == nil {
			t.Errorf("%+v is answered", req)
		}
	}
}
