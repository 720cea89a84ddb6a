package relay

import (
	"testing"
	"time"
)

// What stopped this process (a debugger, a machine that sleeps) says nothing of a Home.
func TestStoppedProcess(t *testing.T) {
	for stopped, want := range map[time.Duration]int{0: 0, hostTick: 0, Patience: 1} {
		h := NewHost(HostOptions{})
		h.homeLocked("home")
		h.look(time.Now().Add(Patience+2*time.Second), stopped)
		if got := h.Stats().Homes; got != want {
			t.Errorf("stopped for %v: %d homes, want %d", stopped, got, want)
		}
	}
}
