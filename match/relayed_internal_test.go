package match

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// anyRelay owns every address.
type anyRelay struct{}

func (anyRelay) Admit(ident.Session, netip.Addr) (string, string, time.Time) {
	return "user", "password", time.Now().Add(time.Hour)
}
func (anyRelay) Dismiss(ident.Session)                               {}
func (anyRelay) CloseAllocations(ident.Session)                      {}
func (anyRelay) Join(ident.Pair, ident.Session, ident.Session) error { return nil }
func (anyRelay) Part(ident.Pair)                                     {}
func (anyRelay) Owns(ident.Session, netip.AddrPort) bool             { return true }
func (anyRelay) ClientAddrs(ident.Session) []netip.Addr              { return nil }
func (anyRelay) At(ident.Session) string                             { return "n1" }
func (anyRelay) Adopt(ident.Session, netip.Addr, string)             {}
func (anyRelay) Stale(ident.Session) bool                            { return false }
func (anyRelay) URLs(ident.Session, string) []string                 { return nil }

// talk returns two sessions in a chat, whose limits are far, and a's socket. It
// has no connection.
func talk(mode pool.Mode) (h *Hub, k *socket, a, b *session) {
	h = New(Options{Relay: anyRelay{}, ICEURLs: func(string) []string { return nil }})
	sockets := [2]*socket{}
	sessions := [2]*session{}
	for i := range sessions {
		addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		s := newSession(addr, nil)
		s.messages.burst, s.texts.burst = 1e6, 1e6
		sockets[i] = newSocket(h, addr, "chat.example")
		sockets[i].timer = time.NewTimer(time.Hour)
		h.sessions[s.id] = s
		h.attachLocked(s, sockets[i], 0)
		h.findLocked(s, mode, nil)
		sessions[i] = s
	}
	return h, sockets[0], sessions[0], sessions[1]
}

// What a message costs from its bytes to both outboxes and out of them.
func TestAllocationsOfRelayedMessages(t *testing.T) {
	for _, test := range []struct {
		name    string
		mode    pool.Mode
		message string // without its end
		most    float64
	}{
		{"text", pool.Text, `{"type":"text","id":"17","body":"hello, how are you?","pair":"`, 26},
		{"candidate", pool.Video, `{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 33562367 198.18.7.7 7777 typ relay raddr 0.0.0.0 rport 0 generation 0","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"},"pair":"`, 45},
	} {
		h, k, a, b := talk(test.mode)
		data := []byte(test.message + a.pair.id.String() + `"}`)
		before := b.out.newest()
		n := testing.AllocsPerRun(100, func() {
			k.message(data)
			a.out.forget()
			b.out.forget()
		})
		if got := b.out.newest() - before; got != 101 {
			t.Fatalf("%s: %d messages relayed, want 101", test.name, got)
		}
		if t.Logf("figure: %s: %v allocations", test.name, n); n > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, n, test.most)
		}
		h.Close(t.Context()) //nolint:errcheck // there are no connections
	}
}

func BenchmarkRelayedText(b *testing.B) {
	h, k, one, two := talk(pool.Text)
	data := []byte(`{"type":"text","id":"17","body":"hello, how are you?","pair":"` + one.pair.id.String() + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		one.texts.spent, one.messages.spent = 0, 0
		k.message(data)
		one.out.forget()
		two.out.forget()
	}
	h.Close(b.Context()) //nolint:errcheck // there are no connections
}
