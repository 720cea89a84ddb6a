package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
)

func TestPrintStatus(t *testing.T) {
	now := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	s := admin.Status{
		Version: "1.2.3", Started: now.Add(-5 * time.Hour), Bans: 42,
		LiveStatus: admin.LiveStatus{
			Online: 7, Pairs: 3, VideoPairs: 2, Waiting: 1, Allocations: 8, Draining: true, Cluster: "redis is down since noon",
			Relayed: admin.Traffic{Packets: 1_000_000, Bytes: 1_200_000_000}, RelayRate: 3_400_000,
			Month:   admin.MonthTraffic{Month: "2026-03", Bytes: 20_100_000_000_000, Limit: 20_000_000_000_000, ClosedUntil: now.AddDate(0, 1, 0)},
			Refused: map[string]uint64{"capacity": 2, "banned": 10, "work": 0},
			Warnings: []admin.Warning{
				{At: now.Add(-time.Hour), Text: "store unwritable (error: no space\x1b[2J)", Times: 3},
				{At: now.Add(-40 * time.Second), Text: "turn accept failed", Times: 1},
			},
		},
	}
	const want = `version      1.2.3
started      2026-03-01T12:00:00Z (5h ago)
online       7
pairs        3 (2 video, 1 text)
waiting      1
allocations  8
relayed      1.2 GB, now 3.4 MB/s
this month   20.1 TB of 20.0 TB (100 %): no new video chats until 2026-04-01
bans         42
refused      12 (banned 10, capacity 2)
relay        draining
cluster      redis is down since noon
warning      60m ago: store unwritable (error: no space�[2J) (3 times)
warning      40s ago: turn accept failed
`
	var got bytes.Buffer
	if err := printStatus(&got, s, now); err != nil || got.String() != want {
		t.Errorf("%v; got\n%swant\n%s", err, &got, want)
	}
	got.Reset()
	if err := printStatus(&got, admin.Status{Version: "dev", Started: now}, now); err != nil || !strings.Contains(got.String(), "\nrelayed      0 B, now 0 B/s\nthis month   0 B\nbans         0\nrefused      0\n") {
		t.Errorf("%v; nothing at all is\n%s", err, &got)
	}
}

func TestStatusCommand(t *testing.T) {
	d := startDaemon(t, nil)
	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "video")
	call(t, a, b)
	c, e := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, c, e, "text")
	response, err := http.Get("http://" + d.httpListener.Addr().String() + "/ws") // without an Origin
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	slog.New(d.log.Handler()).Warn("the disk is nearly full", "left", "1 GB")

	var s admin.Status
	text := command(t, d, "status", "-o", "json")
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if s.Online != 4 || s.Pairs != 2 || s.VideoPairs != 1 || s.Allocations == 0 || s.Refused["origin"] != 1 || s.RelayRate == 0 {
		t.Errorf("status = %+v", s)
	}
	if s.Relayed.Packets == 0 || s.Relayed.Bytes < s.Relayed.Packets || s.Relayed.Bytes > d.relay.Stats().Bytes {
		t.Errorf("relayed = %+v, the relay says %+v", s.Relayed, d.relay.Stats().Counts)
	}
	if n := len(s.Warnings); n == 0 || s.Warnings[n-1].Text != "the disk is nearly full (left: 1 GB)" { // a machine with swap has one before
		t.Errorf("warnings = %+v", s.Warnings)
	}
	for _, field := range []string{`"version":`, `"started":`, `"online":4`, `"pairs":2`, `"waiting":0`, `"allocations":`, `"draining":false`, `"bans":0`} { // which programs read already
		if !strings.Contains(text, field) {
			t.Errorf("%s lacks %s", text, field)
		}
	}
	if text := command(t, d, "status"); !strings.Contains(text, "s ago: the disk is nearly full (left: 1 GB)\n") {
		t.Errorf("status says:\n%s", text)
	}
}
