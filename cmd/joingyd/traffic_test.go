package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

// At the limit of the month no video chat begins and no allocation is made; the call that
// runs and text chats go on. A restart keeps the count.
func TestTrafficPerMonth(t *testing.T) {
	const limit = 2000 // less than it takes to set up a call
	dir := t.TempDir()
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir = dir })
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "video")
	call(t, a, b)
	video := startStream(t, a, b)
	c := newCaller(t, d, "127.0.0.4")
	c.send(`{"type":"find","mode":"video"}`)
	c.expect("waiting")
	status := func() (s admin.Status) {
		t.Helper()
		if err := json.Unmarshal([]byte(command(t, d, "status", "-o", "json")), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if m := status().Month; m.Bytes < limit || m.Limit != 0 || !m.ClosedUntil.IsZero() {
		t.Fatalf("the month before there is a limit: %+v", m)
	}
	d.traffic.SetLimit(limit)
	if m := c.expect("error"); m.Code != "video_closed" {
		t.Errorf("to who waits for a video chat: %+v", m)
	}
	video.until(&video.arrived, video.arrived.Load()+20)
	video.stop()
	before := status().Month
	if before.Limit != limit || before.ClosedUntil.IsZero() {
		t.Errorf("at the limit: %+v", before)
	}
	for _, one := range []*caller{a, b, c} { // so that the daemon need not wait for them
		one.conn.CloseNow()
	}
	stop()

	d, _ = startDaemonToStop(t, func(c *config.Config) { c.DataDir, c.TURN.TrafficPerMonth = dir, limit })
	if after := status().Month; after.Bytes < before.Bytes || !after.ClosedUntil.Equal(before.ClosedUntil) {
		t.Errorf("after a restart: %+v, before %+v", after, before)
	}
	a, b = newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	a.send(`{"type":"find","mode":"video"}`)
	if m := a.expect("error"); m.Code != "video_closed" {
		t.Errorf("to who wants a video chat: %+v", m)
	}
	server := a.welcome.ICE.Servers[0]
	if err := allocateAt(t, addrOf(t, d, "udp"), server.Username, server.Credential); err == nil || !strings.Contains(err.Error(), "508") {
		t.Errorf("an allocation: %v", err)
	}
	meet(t, a, b, "text")
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "hello"})
	b.expect("text")
	if text := command(t, d, "status"); !strings.Contains(text, "no new video chats until ") || !strings.Contains(text, "has reached turn.traffic_per_month") {
		t.Errorf("status says\n%s", text)
	}
	if _, values := scrape(t, d); values["joingyd_turn_traffic_month_limit_bytes"] != limit || values["joingyd_turn_traffic_month_bytes"] < limit {
		t.Errorf("metrics: %v of %v", values["joingyd_turn_traffic_month_bytes"], values["joingyd_turn_traffic_month_limit_bytes"])
	}
	report, err := d.diagnose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, finding := range report.Findings {
		found = found || strings.HasPrefix(finding.What, "turn.traffic_per_month is reached")
	}
	if !found {
		t.Errorf("joingyd doctor finds %+v", report.Findings)
	}
}
