package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/web"
)

// stripes is a JPEG with enough in it to be compared.
func stripes(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for x := range 320 {
		for y := range 240 {
			img.Set(x, y, color.RGBA{uint8(x * y / 40), uint8((x / 40) * 30), uint8((y / 30) * 30), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// postStill answers a snapshot message, with headers by name and value.
func postStill(t *testing.T, d *daemon, m serverMessage, still []byte, header ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+d.httpListener.Addr().String()+"/api/snapshots", bytes.NewReader(still))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.Token)
	r.Header.Set("Content-Type", "image/jpeg")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Errorf("a still is answered %s", response.Status)
	}
}

// oracle is a classifier that always says the same.
func oracle(t *testing.T) *httptest.Server {
	t.Helper()
	classifier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"model":"oracle","labels":{"porn":0.97,"neutral":0.03}}`)) //nolint:errcheck // the client is gone
	}))
	t.Cleanup(classifier.Close)
	return classifier
}

// A still that the classifier knows is hidden at once, becomes a case, and, where the
// visitor's own still agrees and the rule says so, a ban.
func TestStillsAreJudged(t *testing.T) {
	classifier := oracle(t)
	d := startDaemon(t, func(c *config.Config) {
		c.Moderation.Classifier, c.Moderation.SnapshotShare, c.Moderation.SnapshotEvery = classifier.URL, 100, 2*time.Second
		c.Moderation.Rules = []string{"porn>=0.9: blur ban"}
	})
	if _, body := get(t, d, "127.0.0.1", "/"); !strings.Contains(body, `id="stills"`) {
		t.Error("the start page does not tell of stills")
	}
	if _, body := get(t, d, "127.0.0.1", "/privacy"); !strings.Contains(body, "A program looks at them.") || strings.Contains(body, "No program looks at pictures") {
		t.Error("the privacy policy does not tell of stills")
	}
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "video")
	asked := map[string]serverMessage{}
	for len(asked) < 4 {
		for name, c := range map[string]*caller{"a": a, "b": b} {
			m := c.expect("snapshot")
			asked[name+m.Of] = m
		}
	}
	still := stripes(t)
	postStill(t, d, asked["bself"], still)
	postStill(t, d, asked["apartner"], still)
	if got := a.expect("action"); got.Do != "blur" || got.Reason != "porn" || got.Pair != a.pair {
		t.Errorf("a is told %+v", got)
	}
	if got := b.expect("banned"); !strings.HasPrefix(got.Reason, "A program saw") {
		t.Errorf("b is told %+v", got)
	}
	k := onlyCase(t, d)
	if len(k.Flags) != 1 || k.Flags[0].Label != "porn" || k.Flags[0].Support != "supported" || k.Flags[0].Model != "oracle" || k.Gravity != "grave" {
		t.Errorf("%+v", k)
	}
	if text := command(t, d, "reports", "show", k.ID); !strings.Contains(text, "  porn  0.97   server  1       supported  blur\n") {
		t.Errorf("show:\n%s", text)
	}
	if text := command(t, d, "evidence", "open", k.ID); !strings.Contains(text, "still, ") || !strings.Contains(text, "image/jpeg, ") {
		t.Errorf("evidence:\n%s", text)
	}
	if text := command(t, d, "bans", "list"); !strings.Contains(text, "auto:still") {
		t.Errorf("bans:\n%s", text)
	}
}

// Who is on a flagged still may be gone when it is found out, and is known all the same.
func TestSubjectOfAStillLeaves(t *testing.T) {
	d := startDaemon(t, func(c *config.Config) {
		c.Moderation.Classifier, c.Moderation.SnapshotShare, c.Moderation.SnapshotEvery = oracle(t).URL, 100, 2*time.Second
		c.Moderation.Rules = []string{"porn>=0.9: queue"}
	})
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "video")
	own, seen := b.expect("snapshot"), a.expect("snapshot")
	for own.Of != "self" {
		own = b.expect("snapshot")
	}
	for seen.Of != "partner" {
		seen = a.expect("snapshot")
	}
	b.conn.Close(websocket.StatusNormalClosure, "")
	a.expect("left")
	still := stripes(t)
	postStill(t, d, seen, still)
	postStill(t, d, own, still)
	for d.cases.Waiting() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	command(t, d, "reports", "decide", onlyCase(t, d).ID, "ban", "--reason", "Enough.", "--force")
	if _, response, err := dialWS(t.Context(), d, "127.0.0.3"); err == nil || response == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("the visitor came back: %v", err)
	}
}

// embedded skips a test where this binary was built without the classifier for browsers.
func embedded(t *testing.T) {
	t.Helper()
	if c, err := web.EmbeddedClassifier(); err != nil {
		t.Fatal(err)
	} else if c == nil {
		t.Skip("built without the classifier for browsers: make parts")
	}
}

// What a visitor's browser found there is a case for a person, with the visitor's own still
// to compare, and no rule does more about it.
func TestBrowsersLook(t *testing.T) {
	embedded(t)
	d := startDaemon(t, func(c *config.Config) {
		c.Moderation.BrowserClassifier, c.Moderation.SnapshotShare, c.Moderation.SnapshotEvery = true, 100, 2*time.Second
		c.Moderation.Rules = []string{"porn>=0.9: blur warn end ban"}
	})
	if _, body := get(t, d, "127.0.0.1", "/privacy"); !strings.Contains(body, "stays there and is forgotten at once") || strings.Contains(body, "A program looks at them.") {
		t.Error("the privacy policy does not tell who looks at stills")
	}
	if !strings.HasSuffix(d.site.Policy, "+local-stills") {
		t.Errorf("nobody is asked for consent again: the policy is %s", d.site.Policy)
	}
	a, b := newCaller(t, d, "127.0.0.2"), newCaller(t, d, "127.0.0.3")
	meet(t, a, b, "video")
	seen := a.expect("snapshot")
	if seen.Of != "partner" || seen.Look["veil"]["porn"] != 0.9 || seen.Look["post"]["porn"] != 0.9 {
		t.Errorf("a is asked for %+v", seen)
	}
	still := stripes(t)
	postStill(t, d, seen, still, match.ClaimHeader, "porn=0.955, neutral=0.045")
	own := b.expect("snapshot")
	for own.Of != "self" {
		own = b.expect("snapshot")
	}
	postStill(t, d, own, still)
	for d.cases.Waiting() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	k := onlyCase(t, d)
	if len(k.Flags) != 1 || !k.Flags[0].Claimed || k.Flags[0].Support != "supported" || !strings.HasPrefix(k.Flags[0].Model, "nsfwjs-") || len(k.Flags[0].Did) != 0 {
		t.Errorf("%+v", k)
	}
	if text := command(t, d, "reports", "show", k.ID); !strings.Contains(text, "  porn  0.95   browser  1       supported  nothing\n") && !strings.Contains(text, "  porn  0.96   browser  1       supported  nothing\n") {
		t.Errorf("show:\n%s", text)
	}
	if text := command(t, d, "bans", "list"); strings.Contains(text, "auto:still") {
		t.Errorf("bans:\n%s", text)
	}
	if n := d.hub.Online(); n != 2 {
		t.Error("a claim ended a session")
	}
}

// Browsers look where the server has nothing to look with, and a rule is about what they
// tell apart.
func TestWhoLooks(t *testing.T) {
	embedded(t)
	for name, test := range map[string]struct {
		change       func(*config.Moderation)
		known        string
		watch, local bool
	}{
		"browsers":           {change: func(*config.Moderation) {}, watch: true, local: true},
		"nobody is to":       {change: func(m *config.Moderation) { m.BrowserClassifier = false }},
		"no still is wanted": {change: func(m *config.Moderation) { m.SnapshotShare = 0 }},
		"no rule":            {change: func(m *config.Moderation) { m.Rules = []string{"under-18>=0.5: queue", "known: queue"} }},
		"the server can":     {change: func(m *config.Moderation) { m.Classifier = "http://127.0.0.1:1" }, watch: true},
		"images are known":   {change: func(*config.Moderation) {}, known: "# joingyd's known pictures, format 1: hash,label\n" + strings.Repeat("a5", 32) + ",test\n# end\n", watch: true},
	} {
		cfg := config.Default()
		cfg.DataDir = t.TempDir()
		test.change(&cfg.Moderation)
		if test.known != "" {
			if err := os.WriteFile(filepath.Join(cfg.DataDir, knownImagesFile), []byte(test.known), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := &daemon{cfg: cfg, log: slog.New(slog.DiscardHandler)}
		err := errors.Join(d.openEvidence(), d.openCases())
		if err = errors.Join(err, d.openWatch()); err != nil || (d.watch != nil) != test.watch || (d.local != nil) != test.local {
			t.Errorf("%s: %v; somebody looks: %v, browsers: %v", name, err, d.watch != nil, d.local != nil)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}
}

// Without anything to look with nobody is asked for stills, and the pages say so.
func TestNobodyLooks(t *testing.T) {
	d := startDaemon(t, nil)
	if d.watch != nil {
		t.Error("somebody looks")
	}
	if _, body := get(t, d, "127.0.0.1", "/privacy"); !strings.Contains(body, "No program looks at pictures") {
		t.Error("the privacy policy does not say that nobody looks")
	}
}

// What is wrong with the settings is named.
func TestWatchSettings(t *testing.T) {
	for why, change := range map[string]func(*config.Moderation){
		"moderation.rules: ":                 func(m *config.Moderation) { m.Rules = []string{"porn"} },
		"moderation.classifier: ":            func(m *config.Moderation) { m.Classifier = "ftp://x" },
		"moderation.classifier_token_file: ": func(m *config.Moderation) { m.Classifier, m.ClassifierTokenFile = "http://127.0.0.1:1", "nowhere" },
	} {
		cfg := config.Default()
		cfg.DataDir, cfg.HTTP.Listen, cfg.TURN.Listen = t.TempDir(), "127.0.0.1:0", []string{"127.0.0.1:0"}
		change(&cfg.Moderation)
		if d, err := newDaemon(cfg, newLogger(&strings.Builder{}, config.Log{Format: "text"}, slog.LevelError)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %s", err, why)
			if err == nil {
				d.close() //nolint:errcheck // the test failed already
			}
		}
	}
}
