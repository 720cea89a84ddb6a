package match_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Trial W2: messages made to cost. Each is answered, or ends its own socket, and
// what it takes of memory is bounded.
func TestW2Messages(t *testing.T) {
	s := newSite(t)
	// text is a message of the chat that the partner gets.
	text := func(body string) string { return `{"type":"text","pair":"PAIR","id":"1","body":"` + body + `"}` }
	const most = 32 << 10
	fill := func(start, unit, end string) string {
		return start + strings.Repeat(unit, (most-len(start)-len(end))/len(unit)) + end
	}
	tests := []struct {
		name, write string
		want        string // type and code of the answer, or close and the code
		partner     string // what the partner gets then
	}{
		{"32 KiB", fill(`{"type":"warp","pad":"`, "x", `"}`), "error unknown_type", ""},
		{"32 KiB and 1 byte", fill(`{"type":"warp","pad":"`, "x", `"}`) + " ", "close 1009", ""},
		{"nothing but brackets", strings.Repeat("[", most), "error bad_message", ""},
		{"nothing but braces", strings.Repeat(`{"a":`, most/5), "error bad_message", ""},
		{"deep, and an end", fill(`{"type":"warp","x":`, "[", "") + "]", "close 1009", ""},
		{"deeper than 10,000", `{"type":"warp","x":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + "}", "error bad_message", ""},
		{"nearly so deep", `{"type":"warp","x":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}", "error unknown_type", ""},
		{"deep where it counts", `{"type":"candidate","pair":"PAIR","candidate":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}", "error bad_message", ""},
		{"many keys", fill(`{"type":"warp"`, `,"a":0`, `}`), "error unknown_type", ""},
		{"one key many times", fill(`{"type":"leave"`, `,"type":"x"`, `,"type":"warp"}`), "error unknown_type", ""},
		{"many interests", fill(`{"type":"find","mode":"text","interests":["a"`, `,"a"`, `]}`), "error bad_message", ""},
		{"a huge number", `{"type":"hello","ack":1e400}`, "error bad_message", ""},
		{"a negative number", `{"type":"hello","ack":-1}`, "error bad_message", ""},
		{"a long number", fill(`{"type":"hello","ack":`, "9", `}`), "error bad_message", ""},
		{"a long number that nobody reads", fill(`{"type":"warp","x":`, "9", `}`), "error unknown_type", ""},
		{"a long fraction", fill(`{"type":"hello","ack":0.`, "3", `}`), "error bad_message", ""},
		{"NUL between", "{\"type\":\"warp\"\x00}", "error bad_message", ""},
		{"NUL in a string", "{\"type\":\"warp\x00\"}", "error bad_message", ""},
		{"NUL as a type", `{"type":"\u0000"}`, "error unknown_type", ""},
		{"NUL as a line", text(`a\u0000b`), "sent", "a\x00b"},
		{"a lone surrogate as a type", `{"type":"\ud800"}`, "error unknown_type", ""},
		{"a lone surrogate as a line", text(`a\ud800b`), "sent", "a\ufffdb"},
		{"surrogates the wrong way round", text(`\udc00\ud800`), "sent", "\ufffd\ufffd"},
		{"a surrogate as bytes", text("\xed\xa0\x80"), "close 1007", ""},
		{"no UTF-8", "{\"type\":\"\xff\"}", "close 1007", ""},
		{"a byte order mark", "\ufeff{\"type\":\"warp\"}", "error bad_message", ""},
		{"two objects", `{"type":"warp"}{"type":"warp"}`, "error bad_message", ""},
		{"a line that escapes grow", text(strings.Repeat("<", 2000)), "sent", strings.Repeat("<", 2000)},
		{"a line that escapes grow past the limit", text(strings.Repeat("<", 2001)), "rejected too_large", ""},
		{"a long id", `{"type":"text","pair":"PAIR","id":"` + strings.Repeat("x", 65) + `","body":"x"}`, "error bad_message", ""},
		{"null", `null`, "error bad_message", ""},
		{"nothing", ``, "error bad_message", ""},
		{"white space", strings.Repeat(" ", most), "error bad_message", ""},
	}
	passed, worst, worstName := 0, uint64(0), ""
	for i, test := range tests {
		ok := t.Run(test.name, func(t *testing.T) {
			a, _ := s.visit(addr(2 * i))
			b, _ := s.visit(addr(2*i + 1))
			defer s.closeConn(a)
			defer s.closeConn(b)
			pair := s.meet(a, b, "video")
			write := frame(fin|opText, strings.Replace(test.write, "PAIR", pair, 1))
			got := ""
			taken := allocated(func() {
				a.Write(write)
				m, err := a.hear()
				got = strings.TrimSpace(m.Type + " " + m.Code)
				if err != nil {
					got = fmt.Sprint("close ", closeCode(err))
				}
			})
			if got != test.want {
				t.Fatalf("answered with %s, want %s", got, test.want)
			}
			if taken > worst {
				worst, worstName = taken, test.name
			}
			if taken > 2<<20 {
				t.Errorf("took %d bytes", taken)
			}
			if test.partner != "" {
				if m := s.must(b, "text"); m.Body != test.partner {
					t.Errorf("the partner got %q, want %q", m.Body, test.partner)
				}
			}
			// The session goes on, or waits to be resumed: the chat does.
			if !strings.HasPrefix(got, "close") {
				a.say(`{"type":"text","pair":"` + pair + `","id":"2","body":"still here"}`)
				s.must(a, "sent")
				s.must(b, "text")
			}
			b.say(`{"type":"text","pair":"` + pair + `","id":"1","body":"and I"}`)
			s.must(b, "sent")
		})
		if ok {
			passed++
		}
	}
	t.Logf("figure: %d/%d, at most %d KiB allocated for one (%s)", passed, len(tests), worst>>10, worstName)
}

// Trial W2: frames made to cost, two hundred at a time.
func TestW2Frames(t *testing.T) {
	bomb := func() string {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.BestCompression)
		w.Write(make([]byte, 16<<20))
		w.Flush()
		return b.String()
	}()
	// length is a frame that says it is so long, and 32,000 bytes of it.
	length := func(n uint64) []byte {
		head := binary.BigEndian.AppendUint64([]byte{fin | opText, 0x80 | 127}, n)
		return append(append(head, maskKey[:]...), masked(strings.Repeat(" ", 32_000))...)
	}
	endless := fragments(strings.Repeat(" ", 32_000), 128)
	endless[len(endless)-len(frame(fin|opCont, strings.Repeat(" ", 128)))] &^= fin // the last is none
	more := masked(strings.Repeat(" ", 1024))
	const attackers = 200
	for _, test := range []struct {
		name  string
		write []byte
		more  []byte // written when what came before was measured
		codes []int  // of the close; 0: cut, which RFC 6455 allows as well
	}{
		{"length 2^63", length(1 << 63), nil, []int{1002, 0}},
		{"length 2^64-1", length(1<<64 - 1), nil, []int{1002, 0}},
		{"length 2^62", length(1 << 62), more, []int{1009}},
		{"length 32 KiB and 1", length(32<<10 + 1), more, []int{1009}},
		{"endless fragments", endless, bytes.Repeat(frame(opCont, "    "), 256), []int{1009}},
		{"compressed", frame(fin|rsv1|opText, bomb), nil, []int{1002}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			before, rss := liveHeap(), peakRSS(true)
			conns := make([]*rawConn, attackers)
			for i := range conns {
				conns[i] = s.upgrade(addr(i), "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
				conns[i].Write(test.write)
			}
			grown := liveHeap() - before
			for _, c := range conns {
				c.Write(test.more)
				_, err := c.hear()
				if err == nil || !slices.Contains(test.codes, closeCode(err)) {
					t.Fatalf("ended with %v, want one of %d", err, test.codes)
				}
				s.closeConn(c)
			}
			// A message of 32 KiB while it grows, and the rest of a connection.
			if each := grown / attackers; each > 128<<10 {
				t.Errorf("%d bytes of heap for each attacker", each)
			}
			t.Logf("figure: %s: %d KiB of heap an attacker, peak RSS + %d MiB for %d", test.name, grown/attackers>>10, max(peakRSS(false)-rss, 0)>>20, attackers)
		})
	}
}

// allocated returns how many bytes the process allocates during f.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// liveHeap returns the bytes in use after a collection.
func liveHeap() int {
	runtime.GC()
	runtime.GC() // what finalizers and pools let go
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// peakRSS returns the process's largest resident set in bytes, since its start or
// the last reset; 0 where there is no Linux to tell.
func peakRSS(reset bool) (n int) {
	if reset {
		os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	}
	status, _ := os.ReadFile("/proc/self/status")
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(line, &n)
	return n << 10
}
