package ban_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A store that was away for longer than the others remember says so when it is opened; one in
// which there is nothing has nothing to say.
func TestStoresThatAreOld(t *testing.T) {
	n := newNode(t, "a", noon)
	var log bytes.Buffer
	n.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	for _, step := range []struct {
		bans int
		away time.Duration
		says bool
	}{
		{0, time.Hour, false},
		{0, 31 * 24 * time.Hour, false},
		{1, time.Hour, false},
		{0, 31 * 24 * time.Hour, true},
	} {
		for range step.bans {
			n.add(t, "192.0.2.1", 365*24*time.Hour)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		n.now = n.now.Add(step.away)
		n.start(t)
		if says := strings.Contains(log.String(), "older than what the cluster remembers"); says != step.says {
			t.Errorf("%d bans more, %v later, the log is %q", step.bans, step.away, log.String())
		}
	}
}
