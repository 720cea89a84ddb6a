package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate/evidence"
	"github.com/joingyd/joingyd/privacy"
)

// What visitors ask on /data is told at once as far as an address may learn it, and the
// rest is for the operator, who has the key.
func TestDataByForm(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) { c.Privacy.Recipients = []string{key.Recipient().String()} })
	a := newCaller(t, d, "127.0.0.2")
	visit := a.welcome.Receipt
	if session, err := d.receipts.Read(visit); err != nil || len(visit) != 59 || ident.Session(session).String() != a.welcome.Session {
		t.Fatalf("receipt %q is of %v, %v", visit, session, err)
	}
	a.conn.Close(websocket.StatusNormalClosure, "")

	// To see takes an address, and leaves nothing.
	told(t, d, "127.0.0.2", "/data", "When and from where you came</dt><dd>Yes", "ask", "see")
	told(t, d, "127.0.0.3", "/data", "When and from where you came</dt><dd>No", "ask", "see")
	told(t, d, "127.0.0.3", "/data", `href="#ask"`)
	forged := "b" + visit[1:]
	if forged == visit {
		forged = "c" + visit[1:]
	}
	told(t, d, "127.0.0.3", "/data", "no receipt of a visit", "ask", "see", "visit", forged)
	if list := d.requests.List(true); len(list) != 0 {
		t.Errorf("kept: %v", list)
	}

	// Rows take the receipt of the visit, from anywhere, and the operator's key.
	receipt := takenForm(t, d, "127.0.0.4", "/data", "ask", "see", "visit", strings.ToUpper(visit), "contact", "roe@example.org")
	request := d.requests.List(false)[0]
	if request.Kind != privacy.Access || request.Contact != "roe@example.org" || request.Subject.Session != a.welcome.Session {
		t.Errorf("%+v", request)
	}
	told(t, d, "127.0.0.9", "/data", "It waits for a person", "receipt", receipt)
	data, err := d.service.DataOf(t.Context(), admin.SubjectRequest{Request: request.ID, By: "root"})
	if err != nil {
		t.Fatal(err)
	}
	identities, err := evidence.ParseIdentities(strings.NewReader(key.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := openData(data, nil)
	if err != nil || sealed.Sealed != 2 || len(sealed.Rows) != 0 {
		t.Errorf("without a key: %+v, %v", sealed, err)
	}
	data.Rows = append(data.Rows, admin.SealedVisit{At: data.At, Sealed: data.Rows[0].Sealed[:40]})
	opened, err := openData(data, identities)
	if err != nil || len(opened.Visits) != 2 || opened.Visits[0].Address.Addr() != netip.MustParseAddr("127.0.0.2") || len(opened.Damaged) != 1 {
		t.Errorf("%+v, %v", opened, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := opened.save(out); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(out, "data.txt")); err != nil || !strings.Contains(string(text), "from 127.0.0.2:") {
		t.Errorf("%s, %v", text, err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := evidence.ParseIdentities(strings.NewReader(other.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	data.Rows = data.Rows[:2]
	if _, err := openData(data, wrong); err != errNoKeyFits {
		t.Errorf("with another key: %v", err)
	}
	if _, err := d.service.EndPrivacyRequest(t.Context(), admin.EndRequest{Request: request.ID, Text: "One visit, <b>today</b>."}); err != nil {
		t.Fatal(err)
	}
	told(t, d, "127.0.0.9", "/data", "One visit, &lt;b&gt;today&lt;/b&gt;.", "receipt", receipt)
	told(t, d, "127.0.0.9", "/data", "cannot be taken back any more", "receipt", receipt, "take_back", "yes")

	// To delete takes a week, in which it can be taken back.
	receipt = takenForm(t, d, "127.0.0.2", "/data", "ask", "delete")
	told(t, d, "127.0.0.9", "/data", "Take the request back", "receipt", receipt)
	told(t, d, "127.0.0.9", "/data", "was taken back", "receipt", receipt, "take_back", "yes")
	receipt = takenForm(t, d, "127.0.0.2", "/data", "ask", "delete")
	d.erasePending(t.Context())
	request = d.requests.List(false)[0]
	if rows, err := d.iplog.Find(iplog.Query{Session: a.welcome.Session}); err != nil || len(rows) != 2 || request.Happens.Sub(request.Asked) != privacy.Wait {
		t.Errorf("before its time: %d rows, %v, %+v", len(rows), err, request)
	}
	if _, err := d.requests.Begin(request.ID); err != nil { // as its time does
		t.Fatal(err)
	}
	d.erasePending(t.Context())
	if rows, err := d.iplog.Find(iplog.Query{Session: a.welcome.Session}); err != nil || len(rows) != 0 {
		t.Errorf("after its time: %d rows, %v", len(rows), err)
	}
	told(t, d, "127.0.0.9", "/data", "It has been deleted", "receipt", receipt)
	d.forget(time.Now())
	report, err := d.service.Held(t.Context())
	if err != nil || report.Swept.IsZero() || len(report.Stores) != len(d.retention()) || report.Requests["done"] != 2 || report.Requests["withdrawn"] != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}
