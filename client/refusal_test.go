package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/ident"
)

func closeCode(err error) int {
	if closed, ok := errors.AsType[*client.CloseError](err); ok {
		return closed.Code
	}
	return 0
}

func TestRefusals(t *testing.T) {
	f := newFixture(t, time.Minute)
	dial := func(opts client.Options) error {
		opts.URL = f.url
		c, err := client.Dial(t.Context(), opts)
		if err == nil {
			c.CloseNow()
		}
		return err
	}
	err := dial(client.Options{Policy: "v0"})
	if refused, ok := errors.AsType[*client.RefusedError](err); !ok || refused.Code != "consent_required" {
		t.Errorf("old policy: %v", err)
	}
	err = dial(client.Options{Header: http.Header{"Origin": {"https://elsewhere.test"}}})
	if status, ok := errors.AsType[*client.StatusError](err); !ok || status.Status != 403 || !strings.Contains(status.Body, "origin") {
		t.Errorf("foreign origin: %v", err)
	}
	if _, err := client.Dial(t.Context(), client.Options{URL: "chat.example.org"}); err == nil {
		t.Error("a URL without a scheme was taken")
	}
	there := f.dial(client.Options{LocalAddr: netip.MustParseAddr("127.0.0.2")})
	f.banned.Store(true)
	err = dial(client.Options{LocalAddr: netip.MustParseAddr("127.0.0.2")})
	if banned, ok := errors.AsType[*client.BannedError](err); !ok || banned.Reason != "testing" || !banned.Until.Equal(until) {
		t.Errorf("banned: %v", err)
	}
	f.EnforceBans(nil)
	if m := f.expect(there, "banned"); m.Reason != "testing" || !m.Until.Equal(until) {
		t.Errorf("banned = %+v", m)
	}
	_, err = there.Receive(t.Context())
	if banned, ok := errors.AsType[*client.BannedError](err); !ok || banned.Appeal != "/appeal" {
		t.Errorf("after a ban: %v", err)
	}
	kicked := f.dial(client.Options{})
	id, err := ident.ParseSession(kicked.Welcome().Session)
	if err != nil || !f.Kick(id, "") {
		t.Fatal("no session to kick", err)
	}
	_, err = kicked.Receive(t.Context())
	if closed, ok := errors.AsType[*client.CloseError](err); !ok || closed.Code != 4504 || closed.Reconnect() {
		t.Errorf("kicked: %v", err)
	}
}

// Servers that do not do what joingy.v1 says.
func TestStrangeServers(t *testing.T) {
	speak := func(subprotocol string, messages ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
			if err != nil {
				return
			}
			for _, m := range messages {
				conn.Write(r.Context(), websocket.MessageText, []byte(m))
			}
			conn.Close(websocket.StatusPolicyViolation, "enough")
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "sorry", code) }
	}
	isStatus := func(code int) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*client.StatusError](err)
			return ok && e.Status == code && e.Body == "sorry"
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    func(error) bool
	}{
		{"other subprotocol", speak("other.v1"), func(err error) bool { return errors.Is(err, client.ErrSubprotocol) }},
		{"gap", speak(client.Subprotocol, `{"type":"online","seq":1}`, `{"type":"welcome","seq":3}`), func(err error) bool { return errors.Is(err, client.ErrSequence) }},
		{"doubled", speak(client.Subprotocol, `{"type":"online","seq":1}`, `{"type":"online","seq":1}`), func(err error) bool { return errors.Is(err, client.ErrSequence) }},
		{"no JSON", speak(client.Subprotocol, `{"type":`), func(err error) bool { return err != nil }},
		{"closed", speak(client.Subprotocol), func(err error) bool { return closeCode(err) == 1008 }},
		{"page", status(200), isStatus(200)},
		{"forbidden", status(403), isStatus(403)},
		{"gateway", status(502), isStatus(502)},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, func(err error) bool {
			e, ok := errors.AsType[*client.StatusError](err)
			return ok && e.Status == http.StatusFound
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			c, err := client.Dial(t.Context(), client.Options{URL: server.URL})
			if err == nil {
				c.CloseNow()
			}
			if !tt.want(err) {
				t.Errorf("Dial() = %v", err)
			}
		})
	}
}

// The daemon's seconds are honoured, with some chance in them.
func TestWait(t *testing.T) {
	for _, test := range []struct {
		closed      client.CloseError
		least, most time.Duration // most is not reached
	}{
		{client.CloseError{Code: 1001, Reason: "40"}, 0, 40 * time.Second},
		{client.CloseError{Code: 1001, Reason: "server going away"}, 0, time.Second},
		{client.CloseError{Code: 1001, Reason: "-1"}, 0, time.Second},
		{client.CloseError{Code: 1001, Reason: "999999999999"}, 0, time.Second},
		{client.CloseError{Code: 4408, Reason: "no hello in time"}, 0, time.Second},
		{client.CloseError{Code: 4429, Reason: "60"}, time.Minute, 67500 * time.Millisecond},
		{client.CloseError{Code: 4429}, time.Second, 2 * time.Second},
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait := test.closed.Wait()
			if wait < test.least || wait >= test.most {
				t.Errorf("%v: wait %v, want %v to %v", &test.closed, wait, test.least, test.most)
			}
			seen[wait] = true
		}
		if len(seen) < 50 {
			t.Errorf("%v: %d waits in 100", &test.closed, len(seen))
		}
	}
}
