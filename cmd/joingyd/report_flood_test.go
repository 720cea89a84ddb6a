//go:build !race

package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
)

// reportFlood is strangers who report whomever they meet, and one another.
type reportFlood struct {
	site    string
	stop    chan struct{} // closed when it is enough
	running sync.WaitGroup

	sent, taken, refused atomic.Int64
}

// from has sessions of an address search, report whom they met, and search again.
func (f *reportFlood) from(addr string, sessions int) {
	for range sessions {
		f.running.Go(func() {
			v, err := newVisitor(client.Options{URL: f.site, LocalAddr: netip.MustParseAddr(addr)})
			if err != nil {
				return
			}
			defer v.leave()
			f.next(v)
			for {
				select {
				case <-f.stop:
					return
				case m, open := <-v.came:
					switch {
					case !open:
						return
					case m.Type == "matched":
						f.sent.Add(1)
						f.send(v, map[string]any{"type": "report", "pair": m.Pair, "reason": "minor", "note": "a lie"})
					case m.Type == "reported":
						f.taken.Add(1)
						f.next(v)
					case m.Type == "error":
						f.refused.Add(1)
						f.next(v)
					case m.Type == "left":
						f.next(v)
					}
				}
			}
		})
	}
}

func (f *reportFlood) next(v *visitor) {
	f.send(v, map[string]any{"type": "find", "mode": "text", "interests": []string{"flood"}})
}

func (*reportFlood) send(v *visitor, message map[string]any) {
	v.conn.Send(v.ctx, message) //nolint:errcheck // the reader sees the end
}

// meetings returns how long the second of two honest visitors waited for the first, of so
// many pairs, the shortest first.
func meetings(t *testing.T, site string, pairs int) (waits []time.Duration) {
	t.Helper()
	for n := range pairs {
		var both [2]*guest
		find := map[string]any{"type": "find", "mode": "text", "interests": []string{fmt.Sprint("honest ", n)}}
		for i := range both {
			both[i] = visit(t, client.Options{URL: site, LocalAddr: netip.AddrFrom4([4]byte{127, 2, byte(n), byte(1 + i)})})
		}
		both[0].send(find)
		both[0].expect("waiting")
		began := time.Now()
		both[1].send(find)
		pair := both[1].expect("matched").Pair
		waits = append(waits, time.Since(began))
		both[0].expect("matched")
		both[0].send(map[string]any{"type": "text", "pair": pair, "id": "1", "body": "hello"})
		both[1].expect("text")
		for _, g := range both {
			g.conn.Close() //nolint:errcheck // it ends either way
			g.leave()
		}
	}
	slices.Sort(waits)
	return waits
}

// Trial W5, of reports that are written to disk: a few who report everybody cost those who
// are honest next to nothing, get nobody banned, and fill neither queue nor disk.
func TestW5Reports(t *testing.T) {
	const (
		addresses, sessions = 6, 12
		pairs               = 20
		perDay              = 20 // reports that an address may make
	)
	p := startProcess(t, t.TempDir(), nil)
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(p.dir, caseFile))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	idle := meetings(t, p.site, pairs)

	f := &reportFlood{site: p.site, stop: make(chan struct{})}
	victim := visit(t, client.Options{URL: p.site, LocalAddr: netip.MustParseAddr("127.0.0.40")})
	f.next(victim.visitor)
	victim.expect("waiting")
	for n := range addresses {
		f.from(fmt.Sprintf("127.0.0.%d", 60+n), sessions)
	}
	victim.expect("matched")
	victim.expect("left") // whoever came has reported, and gone on
	attacked := meetings(t, p.site, pairs)
	control := p.control()
	for late := time.After(patienceOfTests); ; {
		stats, err := control.CaseStats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if stats.Dropped > 0 {
			break
		}
		select {
		case <-late:
			t.Fatalf("nothing is dropped of %d reports", f.taken.Load())
		case <-time.After(5 * time.Millisecond):
		}
	}
	close(f.stop)
	f.running.Wait()

	began := time.Now()
	list, err := control.Cases(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	reports := 0
	for _, k := range list.Cases {
		reports += len(k.Reports) + k.More
	}
	if most := addresses * perDay; reports == 0 || reports > most {
		t.Errorf("%d reports are in the queue, want %d at most", reports, most)
	}
	bans, err := control.BanStats(t.Context())
	if err != nil || bans.MadeWeek != 0 {
		t.Errorf("%d bans, %v; want none of an unjudged report", bans.MadeWeek, err)
	}
	// The one who was lied about is still there and may go on: waits, or has met somebody
	// who has not quite left.
	f.next(victim.visitor)
	for found := false; !found; {
		select {
		case m, open := <-victim.came:
			if !open {
				t.Fatalf("the victim's session ended: %v", victim.err)
			}
			found = m.Type == "waiting" || m.Type == "matched"
		case <-time.After(patienceOfTests):
			t.Fatal("the victim finds nobody and does not wait")
		}
	}
	p50, worst := len(idle)/2, len(idle)-1
	t.Logf("figure: %d reports sent by %d addresses, %d taken, %d refused, %d written in %d cases (listed in %v), file + %d KiB; honest time to match p50 %v, max %v, ÷ idle %.1f, %.1f",
		f.sent.Load(), addresses, f.taken.Load(), f.refused.Load(), reports, list.Total, took.Round(time.Microsecond), (size()-before)>>10,
		attacked[p50].Round(time.Microsecond), attacked[worst].Round(time.Microsecond),
		float64(attacked[p50])/float64(idle[p50]), float64(attacked[worst])/float64(idle[worst]))
}
