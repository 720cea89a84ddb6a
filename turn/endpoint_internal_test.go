package turn

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
)

func TestEndpointRoundTrip(t *testing.T) {
	for _, text := range []string{"192.0.2.1:1", "[2001:db8::1]:65535", "0.0.0.0:0", "[::]:1", "[::1.2.3.4]:9"} {
		want := netip.MustParseAddrPort(text)
		if got := endpointOf(want).addrPort(); got != want {
			t.Errorf("%s came back as %v", text, got)
		}
	}
}

func clientAt(i int) *relay {
	return &relay{source: endpointOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1024))}
}

// TestClientTable plays random changes on a table and on a map, while others
// read.
func TestClientTable(t *testing.T) {
	const clients, changes = 2000, 100_000
	table, model := newClientTable(), make(map[endpoint]*relay)
	random := rand.New(rand.NewPCG(1, 2))
	stays := clientAt(clients)
	table.put(stays)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if table.get(stays.source) != stays {
					t.Error("one that stays is not found")
					return
				}
				want := clientAt(i % clients)
				if r := table.get(want.source); r != nil && r.source != want.source {
					t.Error("another is found")
					return
				}
			}
		})
	}
	for range changes {
		r := clientAt(random.IntN(clients))
		if old := model[r.source]; old != nil && random.IntN(2) == 0 {
			table.remove(clientAt(random.IntN(clients))) // not in it: nothing happens
			table.remove(old)
			delete(model, r.source)
		} else {
			table.put(r)
			model[r.source] = r
		}
		if got := table.get(r.source); got != model[r.source] {
			t.Fatalf("get = %p, want %p", got, model[r.source])
		}
	}
	close(stop)
	readers.Wait()
	for i := range clients {
		if source := clientAt(i).source; table.get(source) != model[source] {
			t.Fatalf("client %d: get = %p, want %p", i, table.get(source), model[source])
		}
	}
	if got := table.count.Load(); got != int64(len(model)+1) {
		t.Errorf("count = %d, want %d", got, len(model)+1)
	}
}

func BenchmarkClientTable(b *testing.B) {
	const clients = 200_000
	table := newClientTable()
	relays := make([]*relay, clients)
	for i := range relays {
		relays[i] = clientAt(i)
		table.put(relays[i])
	}
	b.Run("get", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if table.get(relays[i*7919%clients].source) == nil {
				b.Fatal("not found")
			}
		}
	})
	b.Run("remove and put", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			r := relays[i*7919%clients]
			table.remove(r)
			table.put(r)
		}
	})
}
