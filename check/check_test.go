package check_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/turn"
)

func TestAllIsWell(t *testing.T) {
	s := newSite(t, setup{})
	r := run(t, s.URL, nil)
	failures(t, r)
	var names []string
	for _, step := range r.Steps {
		name, _, _ := strings.Cut(step.Name, " 127.0.0.1")
		names = append(names, name)
		if want := check.OK; step.Status != want && name != "tls" && name != "stun tls" {
			t.Errorf("%s is %s: %s", step.Name, step.Status, step.Detail)
		}
	}
	want := "dns|http|ready|tls|websocket|ice|stun udp|allocate udp|stun tcp|allocate tcp|stun tls|relay udp-udp|relay udp-tcp|relay tcp-tcp"
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("steps\n got %s\nwant %s", got, want)
	}
	expect(t, r, "stun udp", check.OK, "this machine is 127.0.0.1:", "")
	expect(t, r, "allocate tcp", check.OK, "two, at 198.1", "")
	expect(t, r, "relay udp-tcp", check.OK, "20 of 20 packets", "")
	expect(t, r, "tls", check.Skipped, "localhost", "")
	s.leftAlone(t)
}

// leftAlone waits until nothing is left of a check.
func (s *site) leftAlone(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.hub.Online() > 0 || s.relay.Stats().Allocations > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d sessions and %d allocations are left", s.hub.Online(), s.relay.Stats().Allocations)
		}
	}
}

func TestReportAsJSON(t *testing.T) {
	listener := listenTCP(t)
	listener.Close()
	data, err := json.Marshal(run(t, "http://"+listener.Addr().String(), nil))
	if err != nil {
		t.Fatal(err)
	}
	start := `{"target":"http://` + listener.Addr().String() + `","ok":false,"steps":[{"name":"dns","status":"failed","detail":"127.0.0.1 does not answer (TCP port `
	if !strings.HasPrefix(string(data), start) || !strings.HasSuffix(string(data), `{"name":"relay","status":"skipped","detail":"needs http","remedy":""}]}`) {
		t.Errorf("%s", data)
	}
}

func TestNothingListens(t *testing.T) {
	listener := listenTCP(t)
	listener.Close()
	r := run(t, listener.Addr().String(), nil)
	failures(t, r, "dns", "http")
	expect(t, r, "http", check.Failed, "https://"+listener.Addr().String()+": connection refused; http://", "Nothing listens on TCP port")
	expect(t, r, "relay", check.Skipped, "needs http", "")
}

func TestNoName(t *testing.T) {
	r := run(t, "nowhere.invalid", briefly)
	failures(t, r, "dns", "http", "tls")
	expect(t, r, "dns", check.Failed, "nowhere.invalid: the name has no address", "A record")
}

func TestNotReady(t *testing.T) {
	s := newSite(t, setup{ready: func(context.Context) error { return errors.New("the relay is\x1b[2J deaf") }})
	r := run(t, s.URL, nil)
	failures(t, r, "ready")
	expect(t, r, "ready", check.Failed, "503 not ready: the relay is[2J deaf", "journalctl -u joingyd")
}

func TestBanned(t *testing.T) {
	s := newSite(t, setup{ban: func(netip.Addr, match.Use) (match.Ban, bool) { return match.Ban{Reason: "spam"}, true }})
	r := run(t, s.URL, nil)
	failures(t, r, "websocket")
	expect(t, r, "websocket", check.Failed, "banned: spam", "joingyd unban")
	expect(t, r, "allocate", check.Skipped, "needs websocket", "")
}

func TestInterrupted(t *testing.T) {
	s := newSite(t, setup{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	host, err := check.ParseHost(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if r := check.Run(ctx, check.Target{Host: host}); r.OK {
		t.Error("an interrupted check found all well")
	}
}

func TestRelayRefuses(t *testing.T) {
	everybody := func(netip.Addr) bool { return true }
	other := func(*turn.Server) []string { return newRelay(t, setup{transports: []string{"udp"}}).URLs("127.0.0.1") }
	tests := []struct {
		name   string
		setup  setup
		remedy string
	}{
		{"ban", setup{turn: turn.Options{Refused: everybody}}, "a ban"},
		{"quota", setup{turn: turn.Options{AllocationsPerSession: 1}}, "turn.allocations_per_session"},
		{"capacity", setup{turn: turn.Options{Allocations: 1}}, "full"},
		{"credentials of another relay", setup{urls: other}, "another joingyd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.setup.transports = []string{"udp"}
			s := newSite(t, tt.setup)
			r := run(t, s.URL, nil)
			failures(t, r, "allocate udp")
			expect(t, r, "allocate udp", check.Failed, "error", tt.remedy)
			expect(t, r, "relay udp-udp", check.Skipped, "needs allocate udp", "")
			s.leftAlone(t)
		})
	}
}
