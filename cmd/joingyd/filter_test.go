package main

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

func TestSpammersAreBanned(t *testing.T) {
	d := startDaemon(t, nil)
	own := netip.MustParseAddr("127.0.0.1")
	for _, test := range []struct {
		addr, sameNetwork string
		lasts, want       time.Duration
	}{
		{"2001:db8::7", "2001:db8::8", time.Hour, time.Hour},
		{"203.0.113.7", "203.0.113.7", 0, time.Hour}, // the first of bans.steps
	} {
		d.banSpammer([]netip.Addr{own, netip.MustParseAddr(test.addr)}, "spam", test.lasts)
		b, banned := d.bans.Check(netip.MustParseAddr(test.sameNetwork), ban.UseSite)
		if full, _, err := d.bans.Get(b.ID); !banned || err != nil || full.Reason != "spam" || full.By != "auto:filter" {
			t.Errorf("%s: %+v, %v, %v", test.addr, full, banned, err)
		}
		if left := time.Until(b.Until); left < test.want-time.Minute || left > test.want+time.Second {
			t.Errorf("%s: banned for %v, want %v", test.addr, left, test.want)
		}
	}
	if _, banned := d.bans.Check(own, ban.UseSite); banned {
		t.Error("this machine is banned")
	}
}

func TestFilterOfADaemon(t *testing.T) {
	file := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(file, []byte("# ours\nfrobnicate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.Filter.Words, c.Filter.WordsFile = "reject", file
	})
	a, b := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "text")
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "1", "body": "do not frobnicate"})
	if m := a.expect("rejected"); m.Code != "filtered" || m.Reason != "word" {
		t.Errorf("%+v", m)
	}
	a.sendJSON(map[string]any{"type": "text", "pair": a.pair, "id": "2", "body": "see example.com"})
	if m := b.expect("text"); m.Body != "see ▒▒▒" {
		t.Errorf("%+v", m)
	}
	_, values := scrape(t, d)
	for _, series := range []string{`{reason="word",verdict="rejected"}`, `{reason="link",verdict="masked"}`} {
		if n := values["joingyd_match_filter_verdicts_total"+series]; n != 1 {
			t.Errorf("%s = %v", series, n)
		}
	}
}

func TestBadWordsFile(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.txt")
	if err := os.WriteFile(bad, []byte("fine\nx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{bad: bad + ":2: ", filepath.Join(dir, "none.txt"): "no such file"} {
		cfg := config.Default()
		cfg.DataDir = t.TempDir()
		cfg.HTTP.Listen, cfg.TURN.Listen = "127.0.0.1:0", []string{"127.0.0.1:0"}
		cfg.Filter.WordsFile = file
		_, err := newDaemon(cfg, slog.New(slog.DiscardHandler))
		if err == nil || !strings.HasPrefix(err.Error(), "filter.words_file: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}
