package bus

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/redistest"
)

// cpu returns the processor time that a process took so far; 0 where there is no /proc. A tick is
// 10 ms.
func cpu(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// BenchmarkBus sends messages of 200 bytes from one node to another through Redis: so many at a time
// before the next are sent. With 1 each has a frame of its own.
func BenchmarkBus(b *testing.B) {
	for _, flight := range []int{1, 16, 256, 4096} {
		b.Run(fmt.Sprintf("flight=%d", flight), func(b *testing.B) {
			server := redistest.Start(b)
			slots := make(chan struct{}, flight)
			var heard atomic.Int64
			opts := Options{Node: "right", Key: testKey, Handler: func(Peer, uint8, []byte) { heard.Add(1); <-slots }}
			right, err := newBus(opts, connect(b, server.URL()))
			if err != nil {
				b.Fatal(err)
			}
			run(b, right)
			left, err := newBus(Options{Node: "left", Key: testKey}, connect(b, server.URL()))
			if err != nil {
				b.Fatal(err)
			}
			run(b, left)
			for _, n := range []*Bus{left, right} {
				until(b, "it listens", func() bool { return n.Stats().Listening })
			}
			slots <- struct{}{}
			_ = left.Send("right", 0, nil)
			until(b, "it is heard", func() bool { return heard.Load() == 1 })
			payload := make([]byte, 200)
			before, frames := cpu(server.PID()), left.Stats().Frames
			b.ReportAllocs()
			for b.Loop() {
				slots <- struct{}{}
				for errors.Is(left.Send("right", 1, payload), ErrFull) {
					runtime.Gosched()
				}
			}
			until(b, "all are heard", func() bool { return len(slots) == 0 })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(b.N)/float64(left.Stats().Frames-frames), "messages/frame")
			if took := cpu(server.PID()) - before; took > 0 {
				b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "redis-ns/op")
			}
		})
	}
}

// BenchmarkPaced has nodes send messages of 200 bytes to each other, so many a second in all, and looks
// at what that costs Redis.
func BenchmarkPaced(b *testing.B) {
	for _, load := range []struct{ nodes, rate int }{
		{3, 1_000}, {3, 10_000}, {3, 30_000}, {3, 100_000}, {10, 10_000}, {10, 30_000}, {10, 100_000},
	} {
		b.Run(fmt.Sprintf("nodes=%d/rate=%d", load.nodes, load.rate), func(b *testing.B) {
			server := redistest.Start(b)
			nodes, links := make([]*Bus, load.nodes), load.nodes*(load.nodes-1)
			for i := range nodes {
				var err error
				if nodes[i], err = newBus(Options{Node: fmt.Sprint("n", i), Key: testKey}, connect(b, server.URL())); err != nil {
					b.Fatal(err)
				}
				run(b, nodes[i])
				until(b, "it listens", func() bool { return nodes[i].Stats().Listening })
			}
			frames := func() (n uint64) {
				for _, node := range nodes {
					n += node.Stats().Frames
				}
				return n
			}
			payload := make([]byte, 200)
			before, framesBefore := cpu(server.PID()), frames()
			b.ResetTimer() // one op is a message
			var senders sync.WaitGroup
			for i := range nodes {
				for j := range nodes {
					if i == j {
						continue
					}
					senders.Go(func() {
						begin := time.Now()
						for sent := 0; sent < b.N/links; time.Sleep(200 * time.Microsecond) {
							for due := min(b.N/links, int(time.Since(begin).Seconds()*float64(load.rate)/float64(links))); sent < due; sent++ {
								_ = nodes[i].Send(nodes[j].Self().Name, 1, payload)
							}
						}
					})
				}
			}
			senders.Wait()
			until(b, "all is written", func() bool {
				return !slices.ContainsFunc(nodes, func(n *Bus) bool { return n.Stats().Queued > 0 })
			})
			took := cpu(server.PID()) - before
			b.ReportMetric(float64(b.N)/float64(frames()-framesBefore), "messages/frame")
			b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "redis-ns/op")
			b.ReportMetric(100*took.Seconds()/b.Elapsed().Seconds(), "redis-cpu-%")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
