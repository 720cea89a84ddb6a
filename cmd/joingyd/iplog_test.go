package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate/evidence"
)

// With a key of the operator's every step of a visit is a row, which that key alone reads.
func TestIPLog(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identities, err := evidence.ParseIdentities(strings.NewReader(key.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) { c.Privacy.Recipients = []string{key.Recipient().String()} })
	if !strings.HasSuffix(d.cfg.Site.Policy, "+addresses") || d.site.IPLogDays != d.cfg.Privacy.IPLogDays {
		t.Errorf("the policy is %s, and the pages tell of %d days", d.cfg.Site.Policy, d.site.IPLogDays)
	}
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "text")
	b.conn.Close(websocket.StatusNormalClosure, "")
	a.expect("left")
	var steps []iplog.Kind
	rows, err := d.iplog.Find(iplog.Query{Address: netip.MustParseAddr("127.0.0.3")})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		plain, err := evidence.OpenMessage(row.Sealed, identities...)
		if err != nil {
			t.Fatal(err)
		}
		e, err := iplog.Decode(plain)
		if err != nil || e.Session != b.welcome.Session || e.Address.Addr() != netip.MustParseAddr("127.0.0.3") || e.Address.Port() == 0 {
			t.Errorf("%+v, %v", e, err)
		}
		if (e.Kind == iplog.Matched) != (e.Pair == b.pair) {
			t.Errorf("%s of pair %q, met in %q", e.Kind, e.Pair, b.pair)
		}
		steps = append(steps, e.Kind)
	}
	if want := []iplog.Kind{iplog.Came, iplog.Matched, iplog.Left}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if rows, err := d.iplog.Find(iplog.Query{Session: b.welcome.Session}); err != nil || len(rows) != 3 {
		t.Errorf("by session: %d rows, %v", len(rows), err)
	}
}

// Where the log is turned off nothing is added, and what was there ends as it was to.
func TestIPLogTurnedOff(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d, stop := startDaemonToStop(t, func(c *config.Config) { c.DataDir, c.Privacy.Recipients = dir, []string{key.Recipient().String()} })
	newCaller(t, d, "127.0.0.2").conn.Close(websocket.StatusNormalClosure, "")
	stop()

	d, stop = startDaemonToStop(t, func(c *config.Config) { c.DataDir, c.Privacy.IPLogDays = dir, 3 })
	newCaller(t, d, "127.0.0.2").conn.Close(websocket.StatusNormalClosure, "")
	rows, err := d.iplog.Find(iplog.Query{Address: netip.MustParseAddr("127.0.0.2")})
	if err != nil || len(rows) != 2 || d.site.IPLogDays != 0 || !d.site.IPLogRest || strings.Contains(d.cfg.Site.Policy, "+addresses") {
		t.Errorf("%d rows, %v; the pages tell of %d days, and of a rest: %v; the policy is %s", len(rows), err, d.site.IPLogDays, d.site.IPLogRest, d.cfg.Site.Policy)
	}
	stop()
	// Rows of five days ago are over.
	for _, ending := range []string{".rows", ".key"} {
		today, old := time.Now().UTC().Format(time.DateOnly), time.Now().AddDate(0, 0, -5).UTC().Format(time.DateOnly)
		if err := os.Rename(filepath.Join(dir, ipLogDir, today+ending), filepath.Join(dir, ipLogDir, old+ending)); err != nil {
			t.Fatal(err)
		}
	}
	d = startDaemon(t, func(c *config.Config) { c.DataDir, c.Privacy.IPLogDays = dir, 3 })
	d.forget(time.Now())
	if left, err := filepath.Glob(filepath.Join(dir, ipLogDir, "*.rows")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Without a key nothing is written.
func TestNoIPLog(t *testing.T) {
	dir := t.TempDir()
	d := startDaemon(t, func(c *config.Config) { c.DataDir = dir })
	newCaller(t, d, "127.0.0.2")
	if _, err := os.Stat(filepath.Join(dir, ipLogDir)); !os.IsNotExist(err) || d.iplog != nil {
		t.Errorf("there is a log: %v", err)
	}
}
