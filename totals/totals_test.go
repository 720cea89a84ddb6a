package totals_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/internal/durable"
	"github.com/joingyd/joingyd/totals"
)

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func start() *clock { return &clock{time.Date(2026, 11, 29, 22, 0, 0, 0, time.UTC)} }

func open(t *testing.T, path string, opts totals.Options) *totals.Totals {
	t.Helper()
	s, err := totals.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func days(t *testing.T, s *totals.Totals, from, to string) []totals.Day {
	t.Helper()
	list, err := s.Days(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)

func come(s *totals.Totals, agent, language string) {
	s.Came(totals.KindOf(http.Header{"User-Agent": {agent}}), language)
}

// What a visit is counted by moves by five at once, so that nobody sees one visit's
// combination in the difference, in file, answer or metrics.
func TestNoFigureIsOfOneVisit(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, totals.Options{Now: start().now})
	defer s.Close()
	for n := range uint64(12) {
		agent, language := firefox, "nl"
		if n%2 == 1 {
			agent, language = iphone, "nb"
		}
		come(s, agent, language)
		s.Left(time.Duration(n) * time.Minute)
		full := (n + 1) / 5 * 5
		for name, d := range map[string]totals.Day{"file": days(t, s, "", "")[0], "metrics": s.Since()} {
			if d.Visits != n+1 {
				t.Errorf("%s: %d visits, want %d", name, d.Visits, n+1)
			}
			for of, figures := range map[string]totals.Figures{"os": d.Systems, "browser": d.Browsers, "device": d.Devices, "language": d.Languages, "lasted": d.Stays} {
				sum := uint64(0)
				for _, count := range figures {
					sum += count
				}
				if sum != full {
					t.Errorf("%s: after %d visits %s has %d: %v", name, n+1, of, sum, figures)
				}
			}
		}
	}
	d := s.Since()
	for _, tt := range []struct{ got, want totals.Figures }{
		{d.Systems, totals.Figures{"linux": 5, "ios": 5}}, {d.Browsers, totals.Figures{"firefox": 5, "safari": 5}},
		{d.Devices, totals.Figures{"desktop": 5, "phone": 5}}, {d.Languages, totals.Figures{"nl": 5, "no": 5}},
		{d.Stays, totals.Figures{"under_1m": 1, "under_5m": 4, "under_15m": 5}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("got %v, want %v", tt.got, tt.want)
		}
	}
}

// A file has counters of closed sets and nothing else: no header, no combination, no address.
func TestFileHasNoCombination(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, totals.Options{Now: start().now})
	for range 5 {
		come(s, firefox+" canary", "zz-canary")
		s.Left(time.Hour)
	}
	s.Chatted("text")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "2026-11-29.json" {
		t.Fatalf("there are %v, %v", entries, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "2026-11-29.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"day":"2026-11-29","visits":5,"chats":{"text":1},"bytes":0,"os":{"linux":5},"browser":{"firefox":5},"device":{"desktop":5},"language":{"other":5},"lasted":{"under_4h":5}}`
	if string(bytes.TrimSpace(text)) != want {
		t.Errorf("the file is %s, want %s", text, want)
	}
}

func TestDays(t *testing.T) {
	dir, c := t.TempDir(), start()
	relayed := uint64(0)
	opts := totals.Options{Now: c.now, Relayed: func() uint64 { return relayed }}
	s := open(t, dir, opts)
	come(s, firefox, "de")
	relayed = 1000
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(4 * time.Hour) // tomorrow
	come(s, iphone, "de")
	s.Chatted("video")
	relayed = 1500
	if list := days(t, s, "", ""); len(list) != 2 || list[0].Bytes != 1000 || list[1].Bytes != 500 || list[1].Chats["video"] != 1 || list[1].Visits != 1 {
		t.Errorf("two days: %+v", list)
	}
	c.at = c.at.Add(-24 * time.Hour) // the clock was set back: the day goes on
	come(s, iphone, "de")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(24 * time.Hour)
	relayed = 0 // a new process
	s = open(t, dir, opts)
	defer s.Close()
	come(s, firefox, "de")
	for _, tt := range []struct {
		from, to string
		want     []uint64 // visits
	}{
		{"", "", []uint64{1, 3}}, {"2026-11-30", "", []uint64{3}}, {"", "2026-11-29", []uint64{1}}, {"2026-12-01", "", nil},
	} {
		var got []uint64
		for _, d := range days(t, s, tt.from, tt.to) {
			got = append(got, d.Visits)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("from %q to %q: %v visits, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// What the disk refuses is kept until it takes it.
func TestFlushIsTriedAgain(t *testing.T) {
	dir, c := t.TempDir(), start()
	s := open(t, dir, totals.Options{Now: c.now})
	defer s.Close()
	for _, name := range []string{"2026-11-29.json", "2026-11-30.json"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.Chatted("text")
	if err := s.Flush(); err == nil {
		t.Error("a directory was written over")
	}
	c.at = c.at.Add(4 * time.Hour)
	s.Chatted("text")
	s.Chatted("video")
	for range 2 {
		if err := s.Flush(); err == nil {
			t.Error("a directory was written over")
		}
	}
	for _, name := range []string{"2026-11-29.json", "2026-11-30.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if list := days(t, s, "", ""); len(list) != 2 || list[0].Chats["text"] != 1 || list[1].Chats["text"] != 1 || list[1].Chats["video"] != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestDamagedFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "{", `{"day":"2026-11-28"}`} {
		if err := os.WriteFile(filepath.Join(dir, "2026-11-29.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := totals.Open(dir, totals.Options{Now: start().now}); err == nil || !strings.Contains(err.Error(), "2026-11-29.json") || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("of %q: %v", text, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-11-29.json"), []byte(`{"day":"2026-11-29","os":null}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, totals.Options{Now: start().now})
	defer s.Close()
	if _, err := totals.Open(dir, totals.Options{}); err == nil || !strings.Contains(err.Error(), durable.ErrLocked.Error()) {
		t.Errorf("opened twice: %v", err)
	}
	for range 5 {
		come(s, firefox, "de")
	}
}

func TestCountedAtTheSameTime(t *testing.T) {
	s := open(t, t.TempDir(), totals.Options{Now: start().now})
	defer s.Close()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				come(s, firefox, "de")
				s.Left(time.Minute)
				s.Since()
			}
		})
		all.Go(func() {
			for range 3 {
				s.Flush() //nolint:errcheck // Days below has the error
			}
		})
	}
	all.Wait()
	if d := days(t, s, "", "")[0]; d.Visits != 100 || d.Systems["linux"] != 100 || d.Stays["under_5m"] != 100 {
		text, _ := json.Marshal(d)
		t.Errorf("of 100 visits: %s", text)
	}
}
