package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/joingyd/joingyd/admin"
)

// command types a command line at the daemon, which must be done, and returns
// what it prints.
func command(t *testing.T, d *daemon, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--socket", d.adminPath)
	if status := execute(t.Context(), newRootCommand(), args, &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: exit status %d: %s", args, status, &stderr)
	}
	return stdout.String()
}

func allocations(t *testing.T, d *daemon, args ...string) []admin.Allocation {
	t.Helper()
	var list admin.RelayList
	if err := json.Unmarshal([]byte(command(t, d, append(args, "-o", "json")...)), &list); err != nil {
		t.Fatal(err)
	}
	return list.Allocations
}

func TestRelayCommands(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "video")
	call(t, a, b)

	text := command(t, d, "relay", "list")
	for _, want := range []string{"RELAYED", a.welcome.Session, b.welcome.Session, "  127.0.0.0/24\n", "  yes  "} {
		if !strings.Contains(text, want) {
			t.Errorf("relay list lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "127.0.0.1") {
		t.Errorf("relay list shows addresses:\n%s", text)
	}
	if text := command(t, d, "relay", "list", "--addresses"); !strings.Contains(text, "  127.0.0.1:") {
		t.Errorf("relay list --addresses lacks them:\n%s", text)
	}

	var sent, received admin.Traffic
	list := allocations(t, d, "relay", "list", "--session", a.welcome.Session)
	for _, one := range list {
		if one.Session != a.welcome.Session || !one.Paired || time.Since(one.Since) > time.Hour || one.Client.IsValid() {
			t.Errorf("allocation = %+v", one)
		}
		sent.Packets, sent.Bytes = sent.Packets+one.Sent.Packets, sent.Bytes+one.Sent.Bytes
		received.Packets, received.Bytes = received.Packets+one.Received.Packets, received.Bytes+one.Received.Bytes
	}
	if len(list) == 0 || sent.Packets == 0 || sent.Bytes < sent.Packets || received.Packets == 0 || received.Bytes < received.Packets {
		t.Fatalf("%d allocations sent %+v and received %+v", len(list), sent, received)
	}

	one := list[0].Relayed.String()
	if text := command(t, d, "relay", "show", one); !strings.Contains(text, "relayed    "+one+"\nsession    "+a.welcome.Session+"\n") {
		t.Errorf("relay show %s:\n%s", one, text)
	}
	if got := allocations(t, d, "relay", "show", a.welcome.Session); len(got) != len(list) {
		t.Errorf("relay show of the session has %d allocations, relay list %d", len(got), len(list))
	}

	if text := command(t, d, "relay", "kill", one); text != "closed allocation "+one+"\n" {
		t.Errorf("relay kill says %q", text)
	}
	if d.relay.Owns(mustParse(t, a.welcome.Session), list[0].Relayed) {
		t.Error("the allocation is alive when the kill is answered")
	}
	command(t, d, "relay", "kill", "--session", b.welcome.Session)
	if left := allocations(t, d, "relay", "list", "--session", b.welcome.Session); len(left) != 0 {
		t.Errorf("%d allocations are alive when the kill is answered", len(left))
	}
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "the session goes on"})
	b.expect("text")
}

func TestRelayDrainCommand(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "video")
	call(t, a, b)

	text := command(t, d, "relay", "drain", "--deadline", "1h")
	if !strings.HasPrefix(text, "draining: ") || !strings.Contains(text, "allocations left; closed at ") || !strings.Contains(text, "(in 60m)") {
		t.Errorf("relay drain says %q", text)
	}
	if text := command(t, d, "status"); !strings.Contains(text, "relay        draining\n") {
		t.Errorf("status says:\n%s", text)
	}
	late := newCaller(t, d, "127.0.0.1")
	late.openPeer()
	offer, err := late.peer.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(late.peer)
	if err := late.peer.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	await(t, gathered, "end of gathering")
	if sdp := late.peer.LocalDescription().SDP; strings.Contains(sdp, "a=candidate") {
		t.Errorf("an allocation was made while the relay drains:\n%s", sdp)
	}
	if state := a.peer.ConnectionState(); state != webrtc.PeerConnectionStateConnected {
		t.Errorf("the call is %v while the relay drains", state)
	}

	// A later drain brings the deadline forward, and never puts it off.
	text = command(t, d, "relay", "drain", "--deadline", "1s", "--wait")
	if !strings.HasPrefix(text, "drained: no allocation is left") {
		t.Errorf("relay drain --wait says %q", text)
	}
	if n := d.relay.Stats().Allocations; n != 0 {
		t.Errorf("%d allocations are left", n)
	}
	var result admin.RelayDrainResult
	if err := json.Unmarshal([]byte(command(t, d, "relay", "drain", "--deadline", "1h", "-o", "json")), &result); err != nil || result.Left != 0 || result.Deadline.After(time.Now()) {
		t.Errorf("drain again: %+v, %v", result, err)
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1549: "1.5 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		12_000_000: "12.0 MB", 3_400_000_000: "3.4 GB", 5e12: "5.0 TB", 18e18: "18000.0 PB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestOwnerTextIsSafeToPrint(t *testing.T) {
	if got, want := ownerText(admin.Allocation{User: "1700000000:eve\x1b[2J"}), `user "1700000000:eve\x1b[2J"`; got != want {
		t.Errorf("ownerText = %s, want %s", got, want)
	}
}
