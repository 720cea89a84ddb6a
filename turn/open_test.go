package turn_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

var localPeers = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func openOptions(change func(*turn.Open)) turn.Options {
	open := turn.Open{Relay: []netip.Addr{loopback}, Allow: localPeers, Users: map[string]string{"static": "password"}}
	if change != nil {
		change(&open)
	}
	return turn.Options{Open: &open}
}

// echo answers every datagram with itself.
func echo(t *testing.T, network, addr string) net.Addr {
	t.Helper()
	conn, err := net.ListenPacket(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			conn.WriteTo(buffer[:n], from)
		}
	}()
	return conn.LocalAddr()
}

func restCredentials(secret []byte, user string, expires time.Time) turn.Credentials {
	username := fmt.Sprintf("%d:%s", expires.Unix(), user)
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return turn.Credentials{Username: username, Password: base64.StdEncoding.EncodeToString(mac.Sum(nil))}
}

func TestOpenRelaysForEveryAccount(t *testing.T) {
	oldSecret, newSecret := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	f := newFixture(t, openOptions(func(o *turn.Open) { o.Secrets = [][]byte{newSecret, oldSecret} }))
	peer := echo(t, "udp4", "127.0.0.1:0")
	hour := time.Now().Add(time.Hour)
	for name, creds := range map[string]turn.Credentials{
		"session":     f.Admit(ident.NewSession(), loopback),
		"static user": {Username: "static", Password: "password"},
		"new secret":  restCredentials(newSecret, "alice", hour),
		"old secret":  restCredentials(oldSecret, "bob", hour),
	} {
		for _, network := range []string{"udp", "tcp"} {
			client := f.dial(t, network, creds)
			relay, err := client.Allocate()
			if err != nil {
				t.Errorf("%s over %s: %v", name, network, err)
				continue
			}
			if _, err := relay.WriteTo([]byte("through the relay"), peer); err != nil {
				t.Errorf("%s over %s: %v", name, network, err)
			}
			relay.SetReadDeadline(time.Now().Add(10 * time.Second))
			buffer := make([]byte, 100)
			n, from, err := relay.ReadFrom(buffer)
			if err != nil || string(buffer[:n]) != "through the relay" || from.String() != peer.String() {
				t.Errorf("%s over %s: %q from %v, %v", name, network, buffer[:n], from, err)
			}
			if port := relay.LocalAddr().(*net.UDPAddr).Port; port < 49152 || port%2 != 0 {
				t.Errorf("relay port %d", port)
			}
			list := f.Allocations() // the one before may still be closing
			at := slices.IndexFunc(list, func(a turn.Allocation) bool { return a.Relayed.String() == relay.LocalAddr().String() })
			if at < 0 || list[at].Session.IsZero() == (list[at].User == "") {
				t.Errorf("Allocations = %+v", list)
			}
			relay.Close()
		}
	}
	for name, creds := range map[string]turn.Credentials{
		"wrong password": {Username: "static", Password: "guess"},
		"no such user":   {Username: "nobody", Password: "password"},
		"other secret":   restCredentials(make([]byte, 40), "eve", hour),
		"expired":        restCredentials(newSecret, "alice", time.Now().Add(-time.Minute)),
	} {
		if _, err := f.dial(t, "udp", creds).Allocate(); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
}

// Accounts and limits change while the server runs.
func TestChangeWhileRunning(t *testing.T) {
	secret, hour := bytes.Repeat([]byte{3}, 32), time.Now().Add(time.Hour)
	f := newFixture(t, openOptions(nil))
	before, users, secrets := turn.Credentials{Username: "static", Password: "password"}, map[string]string{"carol": "password"}, [][]byte{secret}
	old := f.raw(t, before)
	old.mustAllocate()
	if err := f.Admitting(users, [][]byte{{1}}); err == nil {
		t.Error("a secret of one byte is taken")
	}
	if err := f.Admitting(users, secrets); err != nil {
		t.Fatal(err)
	}
	if users, secrets := f.Accounts(); users != 1 || secrets != 1 {
		t.Errorf("%d users and %d secrets", users, secrets)
	}
	if _, err := f.dial(t, "udp", before).Allocate(); err == nil {
		t.Error("who is no user any more has allocated")
	}
	f.Limit(turn.Limits{Allocations: 2})
	if _, err := f.dial(t, "udp", turn.Credentials{Username: "carol", Password: "password"}).Allocate(); err != nil {
		t.Errorf("a new user: %v", err)
	}
	if _, err := f.dial(t, "udp", restCredentials(secret, "dave", hour)).Allocate(); err == nil {
		t.Error("a third allocation, of two")
	}
	f.Limit(turn.Limits{})
	if _, err := f.dial(t, "udp", restCredentials(secret, "dave", hour)).Allocate(); err != nil {
		t.Errorf("under a new secret: %v", err)
	}
}

func TestOpenTwoRelaysTalk(t *testing.T) {
	// The external address is one that this machine does not have: what goes
	// there would be lost if relays did not find each other.
	f := newFixture(t, openOptions(func(o *turn.Open) { o.External = []netip.Addr{netip.MustParseAddr("192.0.2.55")} }))
	a, b := f.visit(t, "udp"), f.visit(t, "tcp")
	if a.addr().Addr() != netip.MustParseAddr("192.0.2.55") {
		t.Errorf("relayed transport address %v, want the external one", a.addr())
	}
	mutual(t, a, b)
	a.send(t, b, "hello, other relay")
	b.expect(t, a, "hello, other relay")
	b.send(t, a, "hello back")
	a.expect(t, b, "hello back")
	f.Dismiss(a.id)
	if n := f.Stats().Allocations; n != 1 {
		t.Errorf("%d allocations after Dismiss, want 1", n)
	}
}

func TestOpenDeniesPeers(t *testing.T) {
	f := newFixture(t, openOptions(func(o *turn.Open) { o.Allow = nil }))
	c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
	own := c.mustAllocate()
	for _, text := range []string{"127.0.0.2:80", "10.0.0.1:80", "169.254.169.254:80", "0.0.0.0:80", "198.18.0.1:80"} {
		if err := c.refused(c.do(permission, peer(netip.MustParseAddrPort(text))), permission, stun.CodeForbidden, true); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := c.refused(c.do(permission, peer(netip.MustParseAddrPort("[2606:4700::1]:80"))), permission, stun.CodePeerAddrFamilyMismatch, true); err != nil {
		t.Error(err)
	}
	// This machine's own address is a peer only where a relay is behind it.
	if answer := c.do(permission, peer(own)); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("permission for another relay: %v", answer)
	}
	secret := echo(t, "udp4", "127.0.0.1:0").(*net.UDPAddr).AddrPort()
	indication, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(secret), attr(stun.AttrData, []byte("internal service")...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.conn.Write(indication.Raw); err != nil {
		t.Fatal(err)
	}
	f.waitDrop(t, turn.DropUnknownPeer)
}

func TestOpenIPv6Relay(t *testing.T) {
	f := newFixture(t, openOptions(func(o *turn.Open) { o.Relay = []netip.Addr{loopback, netip.IPv6Loopback()} }))
	c := f.raw(t, turn.Credentials{Username: "static", Password: "password"})
	answer := c.do(allocate, overUDP, attr(stun.AttrRequestedAddressFamily, 2, 0, 0, 0))
	if answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		t.Fatalf("Allocate: %v", answer)
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(answer, stun.AttrXORRelayedAddress); err != nil || relayed.IP.To4() != nil {
		t.Errorf("relayed %v, %v; want IPv6", relayed, err)
	}
	if err := c.refused(c.do(permission, peer(netip.MustParseAddrPort("127.0.0.1:80"))), permission, stun.CodePeerAddrFamilyMismatch, true); err != nil {
		t.Error(err)
	}
	if answer := c.do(permission, peer(netip.MustParseAddrPort("[::1]:80"))); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		t.Errorf("IPv6 permission: %v", answer)
	}
}

func TestOpenPortRangeRunsOut(t *testing.T) {
	f := newFixture(t, openOptions(func(o *turn.Open) { o.MinPort, o.MaxPort = 58000, 58003 }))
	creds := turn.Credentials{Username: "static", Password: "password"}
	for i := range 3 {
		c := f.raw(t, creds)
		if i < 2 {
			if port := c.mustAllocate().Port(); port < 58000 || port > 58003 {
				t.Errorf("port %d is outside of the range", port)
			}
			continue
		}
		if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeInsufficientCapacity, false); err != nil {
			t.Error(err)
		}
	}
}
