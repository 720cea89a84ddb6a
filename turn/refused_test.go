package turn_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

// banTable is a ban store that tests change.
type banTable struct {
	mu    sync.Mutex
	addrs map[netip.Addr]bool
	asked func(netip.Addr) // after an answer; nil: nothing
}

func (b *banTable) refused(addr netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked != nil {
		defer b.asked(addr)
	}
	return b.addrs[addr]
}

func (b *banTable) ban(addr string) { b.set(addr, true) }

func (b *banTable) set(addr string, banned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addrs[netip.MustParseAddr(addr)] = banned
}

// banAfterAsked bans an address right after somebody was told that it is not.
func (b *banTable) banAfterAsked(addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = func(asked netip.Addr) {
		if asked == netip.MustParseAddr(addr) {
			b.addrs[asked] = true
		}
	}
}

// banning gives options a ban table.
func banning(opts turn.Options) (*banTable, turn.Options) {
	b := &banTable{addrs: make(map[netip.Addr]bool)}
	opts.Refused = b.refused
	return b, opts
}

// A ban ends the allocations of accounts without a session, too.
func TestEnforceRefused(t *testing.T) {
	for _, test := range []struct {
		name     string
		concerns func(netip.Addr) bool
		want     int
	}{
		{"all", nil, 1},
		{"its address", func(a netip.Addr) bool { return a == loopback }, 1},
		{"another", func(a netip.Addr) bool { return a != loopback }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, openOptions(nil))
			c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
			c.mustAllocate()
			if n := f.EnforceRefused(nil); n != 0 || f.Stats().Allocations != 1 {
				t.Errorf("%d were closed before the ban", n)
			}
			f.banned.Store(true)
			if n := f.EnforceRefused(test.concerns); n != test.want || f.Stats().Allocations != 1-test.want {
				t.Errorf("%d were closed, %d are left", n, f.Stats().Allocations)
			}
			if test.want == 0 {
				return
			}
			if err := c.refused(c.do(refresh), refresh, stun.CodeAllocMismatch, true); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseAllocations(t *testing.T) {
	f := newFixture(t, turn.Options{})
	a, b := f.visit(t, "udp"), f.visit(t, "udp")
	f.CloseAllocations(a.id)
	f.CloseAllocations(ident.NewSession())
	if f.Owns(a.id, a.addr()) || !f.Owns(b.id, b.addr()) {
		t.Error("not the one session's allocations were closed")
	}
	if _, err := f.dial(t, "udp", f.Admit(a.id, loopback)).Allocate(); err != nil {
		t.Errorf("the session cannot allocate any more: %v", err)
	}
}

// Where allocations were made from is known when they are gone, and does not grow
// without bound.
func TestClientAddrsOutliveAllocations(t *testing.T) {
	f := newFixture(t, turn.Options{})
	id := ident.NewSession()
	creds := f.Admit(id, loopback)
	for n := range 20 {
		c := f.rawFrom(t, netip.AddrFrom4([4]byte{127, 0, 0, byte(n + 1)}), creds)
		c.mustAllocate()
		c.do(refresh, attr(stun.AttrLifetime, 0, 0, 0, 0))
	}
	addrs := f.ClientAddrs(id)
	if len(addrs) != 16 || addrs[0] != loopback || addrs[15] != netip.MustParseAddr("127.0.0.20") {
		t.Errorf("ClientAddrs = %v, want 16 with the first and the newest", addrs)
	}
	if n := f.Stats().Allocations; n != 0 {
		t.Errorf("%d allocations live", n)
	}
}

// rawFrom is raw from an address of loopback.
func (f *fixture) rawFrom(t *testing.T, from netip.Addr, creds turn.Credentials) *raw {
	t.Helper()
	server, err := net.ResolveUDPAddr("udp", f.udp)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t: t, conn: conn, creds: creds, patience: f.patience}
}

// A ban that comes while an Allocate is under way still refuses it: whoever ended
// the allocations that there were did not see this one.
func TestBanMeetsAnAllocate(t *testing.T) {
	bans, opts := banning(turn.Options{})
	f := newFixture(t, opts)
	bans.banAfterAsked("127.0.0.1")
	c := f.raw(t, f.Admit(ident.NewSession(), loopback))
	if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeForbidden, true); err != nil {
		t.Error(err)
	}
	bans, opts = banning(openOptions(nil))
	f = newFixture(t, opts)
	bans.banAfterAsked("127.0.0.1")
	f.raw(t, turn.Credentials{Username: "static", Password: "password"}).do(allocate, overUDP)
	if n := f.Stats().Allocations; n != 0 { // pion has said yes by then, to a closed socket
		t.Errorf("%d allocations of a banned address", n)
	}
}

// target is a peer at an address that tests ban.
type target struct {
	t    *testing.T
	conn *net.UDPConn
}

func newTarget(t *testing.T, addr string) *target {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &target{t, conn}
}

func (p *target) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// hears reads up to the datagram last, and returns what came before.
func (p *target) hears(last string) (before []string) {
	p.t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 100)
	for {
		n, err := p.conn.Read(buffer)
		if err != nil {
			p.t.Fatalf("waiting for %q after %q: %v", last, before, err)
		}
		if string(buffer[:n]) == last {
			return before
		}
		before = append(before, string(buffer[:n]))
	}
}

func (p *target) say(to netip.AddrPort, text string) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort([]byte(text), to); err != nil {
		p.t.Fatal(err)
	}
}

// indicate sends a Send indication.
func (c *raw) indicate(to netip.AddrPort, text string) {
	c.t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(to), attr(stun.AttrData, []byte(text)...))
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(m.Raw); err != nil {
		c.t.Fatal(err)
	}
}

// granted reports whether a request succeeds.
func (c *raw) granted(kind stun.MessageType, attrs ...stun.Setter) bool {
	c.t.Helper()
	answer := c.do(kind, attrs...)
	return answer != nil && answer.Type.Class == stun.ClassSuccessResponse
}

var firstChannel = attr(stun.AttrChannelNumber, 0x40, 0, 0, 0)

// In open mode a ban is on peers as well: nothing is granted for them, and what was
// is taken back, for both directions, and does not revive with the end of the ban.
func TestOpenBannedPeer(t *testing.T) {
	bans, opts := banning(openOptions(nil))
	f := newFixture(t, opts)
	c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
	relayed := c.mustAllocate()
	banned, other := newTarget(t, "127.0.0.7"), newTarget(t, "127.0.0.8")
	if !c.granted(channel, firstChannel, peer(banned.addr())) || !c.granted(permission, peer(banned.addr()), peer(other.addr())) {
		t.Fatal("peers are refused before the ban")
	}
	c.conn.Write(frame(0x4000, "before"))
	banned.hears("before")
	banned.say(relayed, "hello")
	if m := c.receiveFrame(); m != "hello" {
		t.Fatalf("got %q before the ban", m)
	}

	bans.ban("127.0.0.7")
	if n := f.EnforceRefused(func(a netip.Addr) bool { return a == banned.addr().Addr() }); n != 0 {
		t.Errorf("%d allocations were closed", n)
	}
	silent := func(when string) {
		t.Helper()
		drops := f.Stats().Drops[turn.DropNoPermission]
		c.conn.Write(frame(0x4000, "channel"))
		c.indicate(banned.addr(), "indication")
		banned.say(relayed, "from the peer")
		c.indicate(other.addr(), "other")
		if before := other.hears("other"); len(before) != 0 {
			t.Errorf("%s: the other peer got %q", when, before)
		}
		other.say(relayed, "to the client")
		if m := c.receiveFrame(); m != "to the client" {
			t.Errorf("%s: the client got %q", when, m)
		}
		banned.say(banned.addr(), "the end")
		if before := banned.hears("the end"); len(before) != 0 {
			t.Errorf("%s: the peer got %q", when, before)
		}
		if got := f.Stats().Drops[turn.DropNoPermission] - drops; got != 3 {
			t.Errorf("%s: %d packets were dropped, want 3", when, got)
		}
	}
	silent("after the ban")
	for name, request := range map[string]struct {
		kind  stun.MessageType
		attrs []stun.Setter
	}{
		"CreatePermission": {permission, []stun.Setter{peer(banned.addr())}},
		"one among others": {permission, []stun.Setter{peer(other.addr()), peer(banned.addr())}},
		"ChannelBind":      {channel, []stun.Setter{firstChannel, peer(banned.addr())}},
	} {
		if err := c.refused(c.do(request.kind, request.attrs...), request.kind, stun.CodeForbidden, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bans.set("127.0.0.7", false)
	silent("after the ban has ended")
	if !c.granted(channel, firstChannel, peer(banned.addr())) {
		t.Fatal("refused after the ban")
	}
	c.conn.Write(frame(0x4000, "again"))
	banned.hears("again")
}

// receiveFrame returns the data that the relay sends next, as ChannelData or in a
// Data indication.
func (c *raw) receiveFrame() string {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(c.patience))
	buffer := make([]byte, 2000)
	n, err := c.conn.Read(buffer)
	if err != nil {
		c.t.Fatal(err)
	}
	if buffer[0]>>6 == 1 {
		return string(buffer[4 : 4+binary.BigEndian.Uint16(buffer[2:])])
	}
	m := &stun.Message{Raw: buffer[:n]}
	if err := m.Decode(); err != nil {
		c.t.Fatal(err)
	}
	data, err := m.Get(stun.AttrData)
	if err != nil {
		c.t.Fatalf("got %v", m.Type)
	}
	return string(data)
}

// A ban that comes while a grant is being made refuses it.
func TestOpenBanMeetsAGrant(t *testing.T) {
	for name, attrs := range map[string][]stun.Setter{
		"CreatePermission": nil,
		"ChannelBind":      {firstChannel},
	} {
		t.Run(name, func(t *testing.T) {
			bans, opts := banning(openOptions(nil))
			f := newFixture(t, opts)
			c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
			c.mustAllocate()
			bans.banAfterAsked("127.0.0.7")
			kind := permission
			if attrs != nil {
				kind = channel
			}
			if err := c.refused(c.do(kind, append(attrs, peer(netip.MustParseAddrPort("127.0.0.7:80")))...), kind, stun.CodeForbidden, true); err != nil {
				t.Error(err)
			}
		})
	}
}

// asIPv6 is a peer written as IPv6, whatever it is.
type asIPv6 struct{ addr netip.AddrPort }

func (p asIPv6) AddTo(m *stun.Message) error {
	raw := p.addr.Addr().As16()
	value := binary.BigEndian.AppendUint16([]byte{0, 2}, p.addr.Port()^0x2112)
	mask := append(binary.BigEndian.AppendUint32(nil, 0x2112a442), m.TransactionID[:]...)
	for i := range raw {
		value = append(value, raw[i]^mask[i])
	}
	m.Add(stun.AttrXORPeerAddress, value)
	return nil
}

// However an address is written, and whatever else the operator allows: a ban is on
// it.
func TestOpenBannedPeerRewritten(t *testing.T) {
	bans, opts := banning(openOptions(func(o *turn.Open) {
		o.Relay = []netip.Addr{netip.IPv6Loopback()}
		o.Allow = []netip.Prefix{netip.MustParsePrefix("::/0")}
	}))
	f := newFixture(t, opts)
	c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
	if !c.granted(allocate, overUDP, attr(stun.AttrRequestedAddressFamily, 2, 0, 0, 0)) {
		t.Fatal("no IPv6 allocation")
	}
	forms := []string{
		"::203.0.113.7", "::ffff:0:203.0.113.7", "64:ff9b::203.0.113.7", "64:ff9b:1::203.0.113.7",
		"2002:cb00:7107::1", "2001:0:cb00:7107::1", "2001:0:1:2:3:4:34ff:8ef8",
	}
	bans.ban("203.0.113.8")
	for _, form := range forms {
		if !c.granted(permission, asIPv6{netip.AddrPortFrom(netip.MustParseAddr(form), 80)}) {
			t.Errorf("%s is refused before the ban", form)
		}
	}
	bans.ban("203.0.113.7")
	f.EnforceRefused(nil)
	for _, form := range append(forms, "::ffff:203.0.113.7") {
		to := netip.AddrPortFrom(netip.MustParseAddr(form), 80)
		if err := c.refused(c.do(permission, asIPv6{to}), permission, stun.CodeForbidden, true); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		drops := f.Stats().Drops[turn.DropNoPermission]
		if to.Addr().Is4In6() {
			continue
		}
		c.indicate(to, "late")
		f.waitFor(t, "drop", func() bool { return f.Stats().Drops[turn.DropNoPermission] == drops+1 })
	}
}
