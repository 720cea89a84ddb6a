package match

import (
	"net/netip"
	"testing"
	"time"
)

func keyOf(n int) netip.Prefix {
	return addressKey(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}))
}

func TestAddressesAreBounded(t *testing.T) {
	now := time.Now()
	a := newAddresses(pacesFor(32), 100)
	for n := range 100 {
		a.take(keyOf(n), pacedFinds, now)
	}
	a.take(keyOf(0), pacedFinds, now) // the oldest no more
	a.take(keyOf(100), pacedFinds, now)
	if a.known.Len() != 100 || a.known.Evicted() != 1 {
		t.Errorf("%d addresses, %d forgotten", a.known.Len(), a.known.Evicted())
	}
	if a.known.Get(keyOf(0)) == nil || a.known.Get(keyOf(1)) != nil {
		t.Error("not the one that was quiet for longest was forgotten")
	}
	if tokens := a.of(keyOf(0), now).tokens[pacedFinds]; tokens != 126 {
		t.Errorf("%v tokens, want 128 less 2", tokens)
	}
}

func TestAddressesExpire(t *testing.T) {
	now := time.Now()
	a := newAddresses(pacesFor(32), 10_000)
	for n := range 3000 {
		a.of(keyOf(n), now)
	}
	a.sweep(now.Add(addressKept - 1))
	if a.known.Len() != 3000 {
		t.Errorf("%d addresses before their time", a.known.Len())
	}
	for want := 2000; want >= 0; want -= 1000 {
		a.sweep(now.Add(addressKept))
		if a.known.Len() != want {
			t.Errorf("%d addresses, want %d", a.known.Len(), want)
		}
	}
	if a.known.Evicted() != 0 {
		t.Errorf("%d forgotten for want of room", a.known.Evicted())
	}
}

func TestAddressPaces(t *testing.T) {
	now := time.Now()
	a := newAddresses(pacesFor(32), 10)
	for kind, burst := range map[paced]int{pacedUpgrades: 128, pacedBanChecks: 128, pacedSessions: 64, pacedFinds: 128} {
		for range burst {
			if wait := a.take(keyOf(1), kind, now); wait != 0 {
				t.Fatalf("kind %d: to wait %v within the burst", kind, wait)
			}
		}
		wait := a.take(keyOf(1), kind, now)
		if wait <= 0 || a.take(keyOf(1), kind, now.Add(wait-time.Millisecond)) == 0 || a.take(keyOf(1), kind, now.Add(wait+time.Millisecond)) != 0 {
			t.Errorf("kind %d: a token was not back after exactly %v", kind, wait)
		}
		now = now.Add(time.Hour)
	}
	if allocs := testing.AllocsPerRun(100, func() { a.take(keyOf(1), pacedFinds, now) }); allocs != 0 {
		t.Errorf("%v allocations for an address that is known", allocs)
	}
}
