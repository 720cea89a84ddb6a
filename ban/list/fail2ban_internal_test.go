package list

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

func TestLogHoldsBoundedBans(t *testing.T) {
	var log fail2banLog
	line := func(verb, target string) (refused bool) {
		t.Helper()
		out := &sink{now: time.Now(), yield: func(_ Item, err error) bool {
			refused = errors.As(err, new(*Refusal))
			return true
		}}
		if err := log.line(1, ".actions [1]: NOTICE [sshd] "+verb+" "+target, out); err != nil {
			t.Fatal(err)
		}
		return refused
	}
	line("Ban", "192.0.2.1")
	for i := range maxHeld - 1 {
		log.held[jailed{"filled", strconv.Itoa(i)}] = draft{}
	}
	steps := []struct {
		verb, target string
		refused      bool
	}{
		{"Ban", "192.0.2.1", false}, // held already
		{"Ban", "192.0.2.2", true},
		{"Unban", "192.0.2.1", false},
		{"Ban", "192.0.2.2", false},
		{"Ban", "192.0.2.1", true},
	}
	for i, s := range steps {
		if refused := line(s.verb, s.target); refused != s.refused || len(log.held) > maxHeld {
			t.Errorf("step %d, %s %s: refused %t, %d held; want %t, %d at most", i, s.verb, s.target, refused, len(log.held), s.refused, maxHeld)
		}
	}
}
