package match

import (
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

func TestRiskLevel(t *testing.T) {
	for risk, want := range map[float64]int{0: 0, 0.49: 0, 0.5: 1, 0.67: 2, 0.9: 3, 1: suspicionLevels} {
		if got := riskLevel(risk); got != want {
			t.Errorf("risk %v: level %d, want %d", risk, got, want)
		}
	}
}

// Fresh sessions and those that something is held against get more attention.
func TestAttention(t *testing.T) {
	h, _, a, _ := talk(pool.Video)
	defer h.Close(t.Context()) //nolint:errcheck // there are no connections
	risk := 0.0
	h.opts.Snapshots = Snapshots{Share: 0.1}
	h.opts.Risk = func(of []netip.Addr) float64 {
		if len(of) != 1 || of[0] != a.addr {
			t.Errorf("asked about %v", of)
		}
		return risk
	}
	for _, test := range []struct {
		age  time.Duration
		risk float64
		want float64
	}{
		{0, 0, 0.2},
		{freshUntil, 0, 0.1},
		{freshUntil, 0.05, 0.1},
		{freshUntil, 0.7, 0.7},
		{0, 1, 1},
	} {
		a.since, risk = h.clock()-test.age, test.risk
		if got := h.attentionLocked(a); got != test.want {
			t.Errorf("after %v, with risk %v: %v, want %v", test.age, test.risk, got, test.want)
		}
	}
}
