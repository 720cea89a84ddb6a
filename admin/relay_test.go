package admin_test

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
)

// relay is a relay of the tests' own: a list.
type relay struct {
	list     []admin.Allocation
	deadline time.Time
}

func (r *relay) Allocations() []admin.Allocation { return append([]admin.Allocation(nil), r.list...) }

func (r *relay) Kill(relayed netip.AddrPort) bool {
	for i, a := range r.list {
		if a.Relayed == relayed {
			r.list = append(r.list[:i:i], r.list[i+1:]...)
			return true
		}
	}
	return false
}

func (r *relay) Drain(after time.Duration) time.Time {
	if deadline := noon.Add(after); r.deadline.IsZero() || deadline.Before(r.deadline) {
		r.deadline = deadline
	}
	return r.deadline
}

func (r *relay) allocate(session, relayed, client string) {
	r.list = append(r.list, admin.Allocation{
		Relayed: netip.MustParseAddrPort(relayed), Session: session, Client: netip.MustParseAddrPort(client),
		Transport: "udp", Since: noon, Paired: true, Sent: admin.Traffic{Packets: 3, Bytes: 1500},
	})
}

// relayFixture is a service with a relay, of which the session has the first two
// of three allocations.
func relayFixture(t *testing.T) (f *fixture, r *relay, session string) {
	t.Helper()
	f, r, session = newFixture(t), new(relay), ident.NewSession().String()
	r.allocate(session, "198.18.0.1:50000", "203.0.113.7:4711")
	r.allocate(session, "198.18.0.2:50000", "[2001:db8:1:2::7]:4711")
	r.allocate(ident.NewSession().String(), "198.18.0.3:50000", "198.51.100.9:4711")
	f.Service = admin.NewService(f.bans, &admin.Options{
		Live: f.live, Relay: r, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	return f, r, session
}

func TestRelayHidesClients(t *testing.T) {
	f, _, session := relayFixture(t)
	client := connect(t, serve(t, f))
	list, err := client.RelayList(t.Context(), admin.RelayListRequest{})
	if err != nil || len(list.Allocations) != 3 {
		t.Fatalf("RelayList = %+v, %v", list, err)
	}
	for i, want := range []string{"203.0.113.0/24", "2001:db8:1::/48", "198.51.100.0/24"} {
		if a := list.Allocations[i]; a.Network.String() != want || a.Client.IsValid() {
			t.Errorf("network %v, client %v; want %s and no client", a.Network, a.Client, want)
		}
	}
	want := admin.Allocation{
		Relayed: netip.MustParseAddrPort("198.18.0.1:50000"), Session: session, Transport: "udp", Since: noon,
		Network: netip.MustParsePrefix("203.0.113.0/24"), Paired: true, Sent: admin.Traffic{Packets: 3, Bytes: 1500},
	}
	if list.Allocations[0] != want {
		t.Errorf("got  %+v\nwant %+v", list.Allocations[0], want)
	}
	if f.log.Len() != 0 {
		t.Errorf("log = %s", f.log.String())
	}

	list, err = client.RelayList(t.Context(), admin.RelayListRequest{Session: session, Addresses: true, By: "mallory"})
	if err != nil || len(list.Allocations) != 2 || list.Allocations[0].Client.String() != "203.0.113.7:4711" {
		t.Errorf("RelayList with addresses = %+v, %v", list, err)
	}
	log := f.log.String()
	if !strings.Contains(log, "client addresses shown") || strings.Contains(log, "203.0.113") || strings.Contains(log, "2001:db8") {
		t.Errorf("log = %s, want that addresses were shown, but none", log)
	}
	if runtime.GOOS == "linux" && strings.Contains(log, "mallory") {
		t.Errorf("log = %s, want what the kernel says", log)
	}
}

func TestRelayShow(t *testing.T) {
	f, _, session := relayFixture(t)
	client := connect(t, serve(t, f))
	for name, want := range map[string]int{"198.18.0.3:50000": 1, "[::ffff:198.18.0.3]:50000": 1, session: 2} {
		list, err := client.RelayShow(t.Context(), admin.RelayShowRequest{Name: name})
		if err != nil || len(list.Allocations) != want || list.Allocations[0].Client.IsValid() {
			t.Errorf("RelayShow(%s) = %+v, %v; want %d", name, list, err, want)
		}
	}
	list, err := client.RelayShow(t.Context(), admin.RelayShowRequest{Name: "198.18.0.3:50000", Addresses: true})
	if err != nil || list.Allocations[0].Client.String() != "198.51.100.9:4711" {
		t.Errorf("RelayShow with addresses = %+v, %v", list, err)
	}
	for _, name := range []string{"198.18.0.4:50000", ident.NewSession().String()} {
		_, err := client.RelayShow(t.Context(), admin.RelayShowRequest{Name: name})
		wantError(t, name, err, admin.CodeNotFound, "has no live allocation")
	}
	for _, name := range []string{"nobody", "198.18.0.1", "a/b", "[fe80::1%e]:1"} {
		_, err := client.RelayShow(t.Context(), admin.RelayShowRequest{Name: name})
		wantError(t, name, err, admin.CodeInvalid, "neither a relayed address")
	}
}

func TestRelayKill(t *testing.T) {
	f, r, session := relayFixture(t)
	client := connect(t, serve(t, f))
	result, err := client.RelayKill(t.Context(), admin.RelayKillRequest{Relayed: "198.18.0.3:50000"})
	if err != nil || len(result.Killed) != 1 || len(r.list) != 2 {
		t.Errorf("RelayKill = %+v, %v; %d left", result, err, len(r.list))
	}
	result, err = client.RelayKill(t.Context(), admin.RelayKillRequest{Session: session})
	if err != nil || len(result.Killed) != 2 || len(r.list) != 0 {
		t.Errorf("RelayKill of a session = %+v, %v; %d left", result, err, len(r.list))
	}
	if log := f.log.String(); !strings.Contains(log, "killed=2") || strings.Contains(log, "203.0.113") {
		t.Errorf("log = %s", log)
	}
	_, err = client.RelayKill(t.Context(), admin.RelayKillRequest{Session: session})
	wantError(t, "nothing left", err, admin.CodeNotFound, "has no live allocation")
	for _, req := range []admin.RelayKillRequest{{}, {Relayed: "198.18.0.3:50000", Session: session}} {
		_, err = client.RelayKill(t.Context(), req)
		wantError(t, "not one", err, admin.CodeInvalid, "either")
	}
}

func TestRelayDrain(t *testing.T) {
	f, _, _ := relayFixture(t)
	client := connect(t, serve(t, f))
	noon := noon.Truncate(time.Second)
	for _, tt := range []struct {
		deadline string
		want     time.Duration
	}{{"", time.Minute}, {"10m", time.Minute}, {"5s", 5 * time.Second}} {
		result, err := client.RelayDrain(t.Context(), admin.RelayDrainRequest{Deadline: tt.deadline})
		if err != nil || result.Left != f.live.Status().Allocations || !result.Deadline.Equal(noon.Add(tt.want)) {
			t.Errorf("deadline %q: %+v, %v; want after %v", tt.deadline, result, err, tt.want)
		}
	}
	for _, deadline := range []string{"0", "-1s", "999ms", "25h", "soon", "60"} {
		_, err := client.RelayDrain(t.Context(), admin.RelayDrainRequest{Deadline: deadline})
		wantError(t, deadline, err, admin.CodeInvalid, "write one like 90s")
	}
}

func TestRelayWithoutDaemon(t *testing.T) {
	f := newFixture(t)
	offline, ctx := admin.NewService(f.bans, nil), context.Background()
	_, list := offline.RelayList(ctx, admin.RelayListRequest{})
	_, show := offline.RelayShow(ctx, admin.RelayShowRequest{Name: "198.18.0.1:50000"})
	_, kill := offline.RelayKill(ctx, admin.RelayKillRequest{Relayed: "198.18.0.1:50000"})
	_, drain := offline.RelayDrain(ctx, admin.RelayDrainRequest{})
	for what, err := range map[string]error{"list": list, "show": show, "kill": kill, "drain": drain} {
		wantError(t, what, err, admin.CodeUnavailable, "leave out --offline")
	}
}
