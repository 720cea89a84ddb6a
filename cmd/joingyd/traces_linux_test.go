//go:build !race

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/moderate"
)

// canaries are what two visitors bring, and must not leave behind.
type canaries struct {
	addrs    [2]netip.Addr
	interest string
	lines    [2]string
	note     string // of a report
	agent    string // User-Agent
}

func newCanaries(n int) canaries {
	return canaries{
		addrs:    [2]netip.Addr{netip.MustParseAddr(fmt.Sprintf("127.171.205.%d", 77+n)), netip.MustParseAddr(fmt.Sprintf("127.203.149.%d", 77+n))},
		interest: "Xylocanary Rarebits",
		lines:    [2]string{"the kestrel of trial four flies tonight", "it lands where the heron of trial four slept"},
		note:     "a bittern of trial four was here",
		agent:    "the crane of trial four",
	}
}

// needles names them. An interest is looked for as it was typed and folded.
func (c canaries) needles() map[string]needle {
	interest := secretText("", c.interest)
	interest.add(strings.ToLower(c.interest))
	found := map[string]needle{"interest": interest, "note": secretText("", c.note), "browser": secretText("", c.agent)}
	for i := range 2 {
		found[fmt.Sprint("line ", i+1)] = secretText("", c.lines[i])
		found[fmt.Sprint("address ", i+1)] = secretPrefix(netip.PrefixFrom(c.addrs[i], 32).String())
	}
	return found
}

// talk has both chat, about the interest, and go on to nobody. It returns their pair.
func (c canaries) talk(t *testing.T, site string) (both [2]*guest, pair string) {
	t.Helper()
	for i, addr := range c.addrs {
		both[i] = visit(t, client.Options{URL: site, LocalAddr: addr, Header: http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0 " + c.agent}}})
		both[i].send(map[string]any{"type": "find", "mode": "text", "interests": []string{c.interest}})
		if i == 0 {
			both[i].expect("waiting")
		}
	}
	for _, g := range both {
		pair = g.expect("matched").Pair
	}
	for i, g := range both {
		g.send(map[string]any{"type": "typing", "pair": pair, "on": true})
		g.send(map[string]any{"type": "text", "pair": pair, "id": fmt.Sprint(i), "body": c.lines[i]})
		both[1-i].expect("text")
		g.expect("sent")
	}
	return both, pair
}

// depart ends both visits, and waits until the daemon knows of nobody.
func (p *process) depart(both [2]*guest) {
	p.t.Helper()
	for _, g := range both {
		g.conn.Close() //nolint:errcheck // it ends either way
		g.leave()
	}
	control := p.control()
	late := time.After(patienceOfTests)
	for {
		status, err := control.Status(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		if status.Online == 0 {
			return
		}
		select {
		case <-late:
			p.t.Fatalf("%d sessions are left", status.Online)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// memory calls f with every part of the daemon's memory that it may write, and reports
// whether that may be seen: see closeMemory.
func (p *process) memory(f func([]byte)) bool {
	p.t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid))
	maps, err := os.Open(filepath.Join(dir, "maps"))
	if errors.Is(err, fs.ErrPermission) {
		return false
	}
	if err != nil {
		p.t.Fatal(err)
	}
	defer maps.Close()
	memory, err := os.Open(filepath.Join(dir, "mem"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer memory.Close()
	const most = 64 << 20 // of one part; the race detector's shadows are larger, and mostly not there
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var rights string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); n != 3 || !strings.HasPrefix(rights, "rw") || to-from > most {
			continue
		}
		part := make([]byte, to-from)
		if n, _ := memory.ReadAt(part, from); n > 0 {
			f(part[:n])
		}
	}
	return true
}

// count returns how often the needle is in a place, in whatever form.
func (n *needle) count(place []byte) (times int) {
	for _, form := range n.forms {
		times += bytes.Count(place, form)
	}
	return times
}

// countAll adds how often each needle is in a place.
func countAll(found map[string]int, place []byte, needles map[string]needle) {
	for name, n := range needles {
		found[name] += n.count(place)
	}
}

// remembers counts the canaries in the daemon's memory, by name; nil: it may not be seen.
func (p *process) remembers(needles map[string]needle) map[string]int {
	p.t.Helper()
	found := make(map[string]int)
	if !p.memory(func(part []byte) { countAll(found, part, needles) }) {
		p.t.Log("the daemon's memory is closed to this user; root sees it")
		return nil
	}
	return found
}

// copies says how many of each canary were found, for a figure.
func copies(found map[string]int) string {
	if found == nil {
		return "not looked at"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if found[name] > 0 {
			list = append(list, fmt.Sprintf("%s ×%d", name, found[name]))
		}
	}
	return cmp.Or(strings.Join(list, ", "), "nothing")
}

// onDisk reports which canaries are in any file of the data directory, in the log or in
// the line that is printed.
func (p *process) onDisk(needles map[string]needle) (hits, size int) {
	p.t.Helper()
	places := map[string][]byte{"log": p.logged(), "ready line": []byte(p.ready)}
	err := filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		places[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	for name, place := range places {
		size += len(place)
		for what, n := range needles {
			if n.in(place) {
				hits++
				p.t.Errorf("%s is in %s%s", what, name, around(place, n))
			}
		}
	}
	return hits, size
}

// Trial O4: what visitors said, wanted and came from is looked for after their chat: on
// disk there is nothing, nor while a report of it waits and after that is decided, nor in
// what is logged at level debug, which is what a journal gets, as text or as JSON with
// full addresses; what is in the process's memory yet is counted. The race detector's
// memory is too much to search.
func TestO4Traces(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for n, test := range []struct {
		name     string
		reported bool
		args     []string
	}{
		{"clean", false, []string{"--log-format", "json", "--log-addresses", "full"}},
		{"reported", true, nil},
		{"reported, sealed", true, []string{"--moderation-recipients", key.Recipient().String(), "--privacy-recipients", key.Recipient().String()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCanaries(n)
			needles := c.needles()
			p := startProcess(t, t.TempDir(), nil, append([]string{"--log-level", "debug"}, test.args...)...)
			both, pair := c.talk(t, p.site)
			if live := p.remembers(needles); live != nil && (live["line 1"] == 0 || live["interest"] == 0 || live["address 1"] == 0) {
				t.Errorf("the search finds nothing in a chat that goes on: %v", live)
			}
			hits, size := p.onDisk(needles)
			look := func() {
				t.Helper()
				h, s := p.onDisk(needles)
				hits, size = hits+h, size+s
			}
			if test.reported {
				both[0].send(map[string]any{"type": "report", "pair": pair, "reason": "harassment", "note": c.note})
				report := both[0].expect("reported").Report
				look()
				p.depart(both)
				look()
				if _, err := p.control().Decide(t.Context(), admin.DecideRequest{Case: report, Do: moderate.Dismiss, Reason: "Nothing."}); err != nil {
					t.Fatal(err)
				}
			} else {
				delete(needles, "note")
				p.depart(both)
			}
			look()
			after := p.remembers(needles)
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			look()
			t.Logf("figure: %s: %d hits in %d KiB on disk; in memory after it: %s", test.name, hits, size>>10, copies(after))
		})
	}
}
