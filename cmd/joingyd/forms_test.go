package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate"
)

// postForm posts a form from a loopback address, and returns what answers.
func postForm(t *testing.T, d *daemon, from, path string, fields ...string) (status int, page string) {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	response, err := client.PostForm("http://"+d.httpListener.Addr().String()+path, values)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

var receiptShown = regexp.MustCompile(`<output class="receipt" dir="ltr">([a-z2-7-]{39})</output>`)

// takenForm posts a form that is taken, and returns the receipt.
func takenForm(t *testing.T, d *daemon, from, path string, fields ...string) string {
	t.Helper()
	status, page := postForm(t, d, from, path, fields...)
	receipt := receiptShown.FindStringSubmatch(page)
	if status != http.StatusOK || receipt == nil {
		t.Fatalf("%s: status %d\n%s", path, status, page[strings.Index(page, "<main"):])
	}
	return receipt[1]
}

// told posts a form and wants the answer to have some text.
func told(t *testing.T, d *daemon, from, path string, want string, fields ...string) {
	t.Helper()
	if status, page := postForm(t, d, from, path, fields...); !strings.Contains(page, want) {
		t.Errorf("%s with %q: status %d, and not %q:\n%s", path, fields, status, want, page[strings.Index(page, "<main"):])
	}
}

// decided decides a case as somebody, and returns what the command would print.
func decided(t *testing.T, d *daemon, req admin.DecideRequest) (admin.DecideResult, error) {
	t.Helper()
	if req.Reason == "" {
		req.Reason = "A neighbour."
	}
	return d.service.Decide(t.Context(), req)
}

// Somebody who is banned appeals, across a restart, and by another address; it is
// upheld, and then lifted: the ban of the same decision on their other address, too.
func TestAppealByForm(t *testing.T) {
	dir := t.TempDir()
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	told(t, d, "127.0.0.3", "/appeal", "No ban is on the connection", "words", "Let me in.")
	first := d.pseudonym(netip.MustParseAddr("127.0.0.3"))
	k, err := d.cases.File(moderate.Filing{ID: moderate.NewID(), Reason: "spam", Session: "gone", Suspects: []string{first, d.pseudonym(netip.MustParseAddr("127.0.0.4"))}, Reporter: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decided(t, d, admin.DecideRequest{Case: k, Do: moderate.Ban, For: "7d", Reason: "Spam <i>", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	_, page := get(t, d, "127.0.0.3", "/appeal")
	number := regexp.MustCompile(`<code dir="ltr">([a-z2-7]{8})</code>`).FindStringSubmatch(page)
	if number == nil || !strings.Contains(page, "Spam &lt;i&gt;") {
		t.Fatalf("who is banned is not told so:\n%s", page)
	}

	receipt := takenForm(t, d, "127.0.0.3", "/appeal", "words", "It was\nmy neighbour.")
	told(t, d, "127.0.0.3", "/appeal", "One waits at a time", "words", "Again.")
	told(t, d, "127.0.0.5", "/appeal", "One waits at a time", "words", "Again.", "reference", number[1])
	told(t, d, "127.0.0.5", "/appeal", "is not known here", "words", "Again.", "reference", "aaaaaaaa")
	told(t, d, "127.0.0.5", "/appeal", "is not known here", "words", "Again.", "reference", moderate.NewReceipt().String())
	appeal := onlyCase(t, d)
	if appeal.Kind != moderate.KindAppeal || len(appeal.Appeal.Bans) != 1 || appeal.Appeal.Bans[0].By != "ann" || appeal.Appeal.Bans[0].Report != k || d.risk([]netip.Addr{netip.MustParseAddr("127.0.0.3")}) != 0 {
		t.Errorf("%+v", appeal)
	}
	if text := command(t, d, "reports", "list"); !strings.Contains(text, appeal.ID+"  appeal  slight ") || !strings.Contains(text, "banned: Spam <i>") {
		t.Errorf("list:\n%s", text)
	}
	if text := command(t, d, "reports", "show", appeal.ID); !strings.Contains(text, " (appeal)\n") || !strings.Contains(text, number[1]+"  hidden  all ") {
		t.Errorf("show:\n%s", text)
	}
	if text := command(t, d, "evidence", "open", appeal.ID); !strings.Contains(text, "\n  It was\n  my neighbour.\n") {
		t.Errorf("evidence:\n%s", text)
	}
	if got := complete(t, "reports", "decide", "--socket", d.adminPath, appeal.ID, ""); strings.Join(got, " ") != "uphold lift" {
		t.Errorf("decide offers %q", got)
	}
	told(t, d, "127.0.0.9", "/guardian", "It waits for a person", "receipt", strings.ToUpper(receipt))
	if _, err := decided(t, d, admin.DecideRequest{Case: appeal.ID, Do: moderate.Dismiss, By: "bob"}); err == nil || !strings.Contains(err.Error(), "[uphold lift]") {
		t.Errorf("an appeal was dismissed: %v", err)
	}
	stop()

	d, stop = startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	if result, err := decided(t, d, admin.DecideRequest{Case: appeal.ID, Do: moderate.Uphold, By: "ann"}); err != nil || !strings.Contains(result.Warning, "yourself") {
		t.Errorf("%+v, %v", result, err)
	}
	told(t, d, "127.0.0.3", "/appeal", "Decided: the ban stays", "receipt", receipt)
	again := takenForm(t, d, "127.0.0.5", "/appeal", "words", "It is a new address.", "reference", receipt)
	text := command(t, d, "reports", "decide", onlyCase(t, d).ID, "lift", "--reason", "It was a neighbour.")
	if strings.Count(text, "\nunbanned hidden address (id ") != 2 {
		t.Errorf("lift:\n%s", text)
	}
	for _, addr := range []string{"127.0.0.3", "127.0.0.4"} {
		if _, body := get(t, d, addr, "/api/ban"); body != `{"banned":false}` {
			t.Errorf("%s: %s", addr, body)
		}
	}
	told(t, d, "127.0.0.3", "/appeal?lang=de", "Die Sperre ist aufgehoben", "receipt", again)
	told(t, d, "127.0.0.3", "/appeal", "It was a neighbour.", "receipt", again)
	if text := command(t, d, "reports", "stats"); !strings.Contains(text, "appeals: 2 received, 1 lifted, 1 upheld\n") {
		t.Errorf("stats:\n%s", text)
	}
	stop()
	for _, name := range []string{caseFile, "joingyd.db"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && (strings.Contains(string(data), "my neighbour") || strings.Contains(string(data), receipt) || strings.Contains(string(data), "127.0.0.3")) {
			t.Errorf("%s has what was written, a receipt or an address", name)
		}
	}
}

// A ban on a network is lifted only by who means it, and says what it is on.
func TestAppealAgainstANetwork(t *testing.T) {
	d := startDaemon(t, func(c *config.Config) { c.Moderation.TwoPeople = true })
	command(t, d, "ban", "127.0.0.8/30", "--reason", "A list.", "--force")
	if _, page := get(t, d, "127.0.0.9", "/appeal"); !strings.Contains(page, "on a whole network") {
		t.Errorf("it is not said that the ban is wide:\n%s", page)
	}
	takenForm(t, d, "127.0.0.9", "/appeal", "words", "Not me.")
	k := onlyCase(t, d)
	if k.Appeal.Bans[0].Prefix != "127.0.0.8/30" {
		t.Errorf("%+v", k.Appeal)
	}
	if _, err := decided(t, d, admin.DecideRequest{Case: k.ID, Do: moderate.Uphold, By: k.Appeal.Bans[0].By}); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("upheld by who made it: %v", err)
	}

	_, err := decided(t, d, admin.DecideRequest{Case: k.ID, Do: moderate.Lift})
	if failure, is := errors.AsType[*admin.Error](err); !is || failure.Code != admin.CodeNeedsForce || !strings.Contains(failure.Detail, "127.0.0.8/30") {
		t.Errorf("lifted at once: %v", err)
	}
	if result, err := decided(t, d, admin.DecideRequest{Case: k.ID, Do: moderate.Lift, Force: true}); err != nil || len(result.Lifted) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

// What a guardian writes is an urgent case, of whom they say, and held for authorities
// when it is decided.
func TestGuardianByForm(t *testing.T) {
	d := startDaemon(t, nil)
	a := newCaller(t, d, "127.0.0.2")
	said := []string{"words", "Somebody asked for pictures.", "when", "Friday noon, UTC", "contact", "roe@example.org"}
	told(t, d, "127.0.0.6", "/guardian", "is not known here", append(said, "reference", "aaaaaaaa")...)
	told(t, d, "127.0.0.6", "/guardian", "is not known here", append(said, "reference", strings.Repeat("a", 26))...)
	receipt := takenForm(t, d, "127.0.0.6", "/guardian", append(said, "reference", a.welcome.Session, "here", "yes")...)
	k := onlyCase(t, d)
	kept, err := d.cases.Get(k.ID)
	if err != nil || k.Gravity != "urgent" || k.Session != a.welcome.Session || len(kept.Suspects) != 2 || kept.Suspects[1] != d.pseudonym(netip.MustParseAddr("127.0.0.6")) {
		t.Errorf("%+v, %v", kept, err)
	}
	if text := command(t, d, "evidence", "open", k.ID); !strings.Contains(text, "  Somebody asked for pictures.\n") || !strings.Contains(text, "  roe@example.org\n") || strings.Contains(text, "127.0.0") {
		t.Errorf("evidence:\n%s", text)
	}
	takenForm(t, d, "127.0.0.7", "/guardian", append(said, "reference", k.ID)...)
	if k := onlyCase(t, d); len(k.Reports) != 2 {
		t.Errorf("another word of the same: %+v", k)
	}
	if _, err := decided(t, d, admin.DecideRequest{Case: k.ID, Do: moderate.Ban, For: "7d", Reason: "A child.", Force: true}); err != nil {
		t.Fatal(err)
	}
	told(t, d, "127.0.0.6", "/guardian", "Decided: somebody was banned for a time", "receipt", receipt)
	if kept, err := d.cases.Get(k.ID); err != nil || kept.Hold == nil || len(d.evidence.Parts(k.ID)) == 0 {
		t.Errorf("nothing is held: %+v, %v", kept, err)
	}
	for _, addr := range []string{"127.0.0.2", "127.0.0.6"} {
		var answer struct{ Banned bool }
		if _, body := get(t, d, addr, "/api/ban"); json.Unmarshal([]byte(body), &answer) != nil || !answer.Banned {
			t.Errorf("%s: %s", addr, body)
		}
	}
}
