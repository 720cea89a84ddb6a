package turn

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// memory is a UDP socket that keeps what is sent.
type memory struct{ sent []sentDatagram }

type sentDatagram struct {
	to   endpoint
	data []byte
}

func (m *memory) reader() packetReader          { return nil }
func (m *memory) writer(*counters) packetWriter { return m }
func (m *memory) stop() error                   { return nil }
func (m *memory) close() error                  { return nil }
func (m *memory) flush()                        {}
func (m *memory) add(to endpoint, _ netip.Addr, data []byte) {
	if m.sent != nil {
		m.sent = append(m.sent, sentDatagram{to, bytes.Clone(data)})
	}
}

// exchange is a masked relay with two clients in a pair, each with a channel for
// the other.
type exchange struct {
	*Server
	t        *testing.T
	listener *listener
	socket   *memory
	out      *outbox
	sessions [2]ident.Session
	relays   [2]*relay
	pair     ident.Pair
}

func newExchange(t *testing.T, opts Options) *exchange {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{Server: s, t: t, socket: &memory{sent: []sentDatagram{}}}
	x.listener = s.newListener("udp", &net.UDPAddr{})
	x.listener.sockets = []udpSocket{x.socket}
	x.out = newOutbox(x.listener, 0)
	for i := range x.relays {
		x.sessions[i] = ident.NewSession()
		x.relays[i] = x.allocate(x.sessions[i], netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 1000))
	}
	x.join()
	return x
}

func (x *exchange) allocate(id ident.Session, client netip.AddrPort) *relay {
	x.t.Helper()
	username := x.Admit(id, client.Addr()).Username
	request := message{raw: make([]byte, stunHeader)}
	r, code := x.Server.allocate(x.listener, caller{source: endpointOf(client), addr: client}, request, verdict{username: username}, maxLifetime)
	if code != 0 {
		x.t.Fatalf("Allocate: %d", code)
	}
	return r
}

// join pairs the two, and binds channel 0x4001 of the first and 0x4002 of the
// second.
func (x *exchange) join() {
	x.t.Helper()
	x.pair = ident.NewPair()
	if err := x.Join(x.pair, x.sessions[0], x.sessions[1]); err != nil {
		x.t.Fatal(err)
	}
	for i := range x.relays {
		x.bind(i)
	}
}

func (x *exchange) bind(i int) {
	x.t.Helper()
	p := x.relays[i].owner.Load().pair.Load()
	if got := x.relays[i].grants.bind(x.instant(), uint16(0x4001+i), x.relays[1-i].addr, p); got != bound {
		x.t.Fatalf("ChannelBind: %d", got)
	}
}

// say sends ChannelData as client i, and returns what came out.
func (x *exchange) say(i int, text string) []sentDatagram {
	frame := binary.BigEndian.AppendUint16(nil, uint16(0x4001+i))
	frame = binary.BigEndian.AppendUint16(frame, uint16(len(text)))
	x.socket.sent = x.socket.sent[:0]
	x.out.begin()
	x.listener.datagram(x.out, datagram{from: x.relays[i].source}, append(frame, text...))
	x.out.flush()
	return x.socket.sent
}

// passes reports whether what client i says reaches the other's client, on its
// own channel.
func (x *exchange) passes(i int) bool {
	sent := x.say(i, "hello")
	want := append([]byte{0x40, byte(2 - i), 0, 5}, "hello"...)
	return len(sent) == 1 && sent[0].to == x.relays[1-i].source && bytes.Equal(sent[0].data, want)
}

func TestSwitchRewritesChannels(t *testing.T) {
	x := newExchange(t, Options{})
	for i := range 2 {
		if !x.passes(i) {
			t.Errorf("client %d: sent %+v", i, x.socket.sent)
		}
	}
	if s := x.Stats(); s.Packets != 2 || s.Bytes != 10 {
		t.Errorf("Stats = %+v", s)
	}
}

// What ends a pair ends it before it returns: the very next packet is dropped.
func TestSwitchEndsAtOnce(t *testing.T) {
	for name, end := range map[string]func(*exchange){
		"Part":                 func(x *exchange) { x.Part(x.pair) },
		"Dismiss the sender":   func(x *exchange) { x.Dismiss(x.sessions[0]) },
		"Dismiss the receiver": func(x *exchange) { x.Dismiss(x.sessions[1]) },
		"Kill the sender":      func(x *exchange) { x.Kill(x.relays[0].addr) },
		"Kill the receiver":    func(x *exchange) { x.Kill(x.relays[1].addr) },
		"Close":                func(x *exchange) { x.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			x := newExchange(t, Options{})
			if !x.passes(0) || !x.passes(1) {
				t.Fatal("the pair does not talk")
			}
			end(x)
			if sent := append(x.say(0, "late"), x.say(1, "late")...); len(sent) != 0 {
				t.Errorf("sent %+v", sent)
			}
		})
	}
}

// The same two meet again: old channels and permissions do not revive.
func TestSwitchNextPairStartsAnew(t *testing.T) {
	x := newExchange(t, Options{})
	x.passes(0)
	x.Part(x.pair)
	if err := x.Join(ident.NewPair(), x.sessions[0], x.sessions[1]); err != nil {
		t.Fatal(err)
	}
	x.bind(0)
	if x.passes(0) {
		t.Error("the partner's old permission revived")
	}
	x.bind(1)
	if !x.passes(0) || !x.passes(1) {
		t.Error("the new pair does not talk")
	}
}

// Channels and permissions end by time, and live on when they are refreshed.
func TestSwitchLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newExchange(t, Options{})
		for range 4 {
			time.Sleep(permissionLifetime - time.Second)
			if !x.passes(0) || !x.passes(1) {
				t.Fatal("ended too early")
			}
			x.bind(0)
			x.bind(1)
		}
		time.Sleep(permissionLifetime)
		if x.passes(0) || x.passes(1) {
			t.Error("a permission outlived its time")
		}
		x.bind(1)
		if x.passes(0) {
			t.Error("passes with the receiver's permission alone")
		}
		x.bind(0)
		if !x.passes(0) || !x.passes(1) {
			t.Error("does not pass after a refresh")
		}
		time.Sleep(maxLifetime)
		if n := x.Stats().Allocations; n != 0 {
			t.Errorf("%d allocations outlived their time", n)
		}
	})
}

// A receiver without a channel gets Data indications, and ChannelData as soon as
// it has bound one.
func TestSwitchDataIndication(t *testing.T) {
	x := newExchange(t, Options{})
	x.relays[1].grants.channels.Store(nil)
	sent := x.say(0, "hello")
	if len(sent) != 1 {
		t.Fatalf("sent %+v", sent)
	}
	m, ok := parseMessage(sent[0].data)
	peers, _ := m.peers()
	if data, _ := m.get(attrData); !ok || m.method != methodData || m.class != classIndication || string(data) != "hello" ||
		len(peers) != 1 || peers[0] != x.relays[0].addr {
		t.Errorf("sent %x", sent[0].data)
	}
	x.bind(1)
	x.relays[0].grants.forgetRoutes()
	if !x.passes(0) {
		t.Error("no ChannelData after the receiver bound a channel")
	}
}

// A packet costs no allocation on the heap.
func TestSwitchDoesNotAllocate(t *testing.T) {
	x := newExchange(t, Options{BandwidthPerAllocation: 1 << 30, Bandwidth: 1 << 30})
	x.socket.sent = nil
	frame := append([]byte{0x40, 1, 0x03, 0xe8}, make([]byte, 1000)...)
	d := datagram{from: x.relays[0].source}
	for name, prepare := range map[string]func(){
		"ChannelData":     func() {},
		"Data indication": func() { x.relays[1].grants.channels.Store(nil) },
	} {
		prepare()
		if n := testing.AllocsPerRun(1000, func() {
			x.out.begin()
			for range 10 {
				copy(frame, []byte{0x40, 1})
				x.listener.datagram(x.out, d, frame)
			}
			x.out.flush()
		}); n != 0 {
			t.Errorf("%s: %v allocations for ten packets", name, n)
		}
	}
	if x.Stats().Packets == 0 {
		t.Error("nothing was relayed")
	}
}

func BenchmarkSwitch(b *testing.B) {
	x := newExchange(new(testing.T), Options{})
	x.socket.sent = nil
	frame := append([]byte{0x40, 1, 0x03, 0xe8}, make([]byte, 1000)...)
	d := datagram{from: x.relays[0].source}
	x.out.begin()
	b.ReportAllocs()
	for b.Loop() {
		copy(frame, []byte{0x40, 1})
		x.listener.datagram(x.out, d, frame)
	}
}

// A pair had media if both sides sent more under it than sets up a call, wherever their
// allocations are by then; what went before does not count.
func TestPartTellsOfMedia(t *testing.T) {
	second := strings.Repeat("m", mediaBytes/16)
	talk := func(x *exchange, i int) {
		for range 16 {
			x.say(i, second)
		}
	}
	for name, test := range map[string]struct {
		happens func(*exchange)
		want    bool
	}{
		"nothing":              {func(*exchange) {}, false},
		"greetings":            {func(x *exchange) { x.passes(0); x.passes(1) }, false},
		"one talks":            {func(x *exchange) { talk(x, 0); x.passes(1) }, false},
		"both talk":            {func(x *exchange) { talk(x, 0); talk(x, 1) }, true},
		"both, and one closes": {func(x *exchange) { talk(x, 0); talk(x, 1); x.Kill(x.relays[0].addr) }, true},
		"both, and both close": {func(x *exchange) {
			talk(x, 0)
			talk(x, 1)
			x.CloseAllocations(x.sessions[0])
			x.CloseAllocations(x.sessions[1])
		}, true},
		"in the chat before": {func(x *exchange) { talk(x, 0); talk(x, 1); x.Part(x.pair); x.join(); x.passes(0) }, false},
		"before, then closed": {func(x *exchange) {
			talk(x, 0)
			talk(x, 1)
			x.Part(x.pair)
			x.join()
			x.Kill(x.relays[0].addr)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := newExchange(t, Options{})
			test.happens(x)
			if got := x.Part(x.pair); got != test.want {
				t.Errorf("Part reports %v, want %v", got, test.want)
			}
			if x.Part(x.pair) {
				t.Error("a pair that had ended had media")
			}
		})
	}
}
