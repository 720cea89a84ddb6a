package match

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// While the hub closes nothing is numbered any more, whoever's socket is closed first: a
// text that was under way gets no answer, and its author says it to the next hub.
func TestNothingIsNumberedWhileTheHubCloses(t *testing.T) {
	h := New(Options{Relay: openRelay{}, ResumeGrace: time.Second})
	a, b := newSession(netip.MustParseAddr("192.0.2.1"), nil), newSession(netip.MustParseAddr("192.0.2.2"), nil)
	h.sessions[a.id], h.sessions[b.id] = a, b
	ka, kb := newSocket(h, a.addr, ""), newSocket(h, b.addr, "")
	ka.session, kb.session, a.link, b.link = a, b, ka, kb
	a.pair = newPair(pool.Text, 0, a, b)
	b.pair = a.pair
	say := clientMessage{Type: "text", Pair: a.pair.id.String(), ID: "1", Body: "hello"}
	h.handle(ka, say, nil)
	h.closed = true
	h.handle(ka, say, nil)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.relayTextLocked(a, ka, say, time.Now()) // it waited for the filter
	h.sendLocked(a, &onlineMessage{head{Type: "online"}, 2})
	if !h.forwardLocked(b, &typingMessage{head{Type: "typing"}, say.Pair, false}) {
		t.Error("refused, not left out")
	}
	if r := h.recordLocked(a); r.Last != 1 || r.PartnerLast != 1 || r.Order != 1 {
		t.Errorf("record = %+v, want one message each", r)
	}
}

// openRelay takes everybody.
type openRelay struct{ Relay }

func (openRelay) ClientAddrs(ident.Session) []netip.Addr { return nil }
