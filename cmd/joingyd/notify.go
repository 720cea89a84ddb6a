package main

import (
	"context"
	"fmt"
	"time"

	"github.com/joingyd/joingyd/internal/systemd"
)

// tell logs that systemd could not be told something; nothing depends on that.
func (d *daemon) tell(err error) {
	if err != nil {
		d.log.Warn("systemd", "error", err)
	}
}

// statusLine is what `systemctl status` shows.
func (d *daemon) statusLine() string {
	s := d.hub.Stats()
	line := fmt.Sprintf("%s, %s, %s", count(s.Online, "session"), count(s.Pairs, "pair"), count(d.relay.Stats().Allocations, "allocation"))
	if lacks := d.lacks(); lacks != "" {
		line += "; " + lacks
	}
	return line
}

// live tells systemd from time to time that the daemon does. It asks every part that
// has a lock which the others need for something that takes that lock: where one is
// stuck nothing is told, and systemd ends the daemon and starts another. It returns when
// ctx ends.
func (d *daemon) live(ctx context.Context) {
	every, listens, err := systemd.Listens()
	if d.tell(err); !listens {
		return
	}
	d.beat(ctx, every, systemd.Alive)
}

func (d *daemon) beat(ctx context.Context, every time.Duration, alive func(status string) error) {
	step := time.NewTicker(every)
	defer step.Stop()
	for {
		stuck := time.AfterFunc(every, func() {
			d.log.Error("a part of the daemon does not answer, so systemd's watchdog is not told that it lives")
		})
		d.bans.Stats() // the hub and the relay ask it with their locks held, so it comes first
		status := d.statusLine()
		stuck.Stop()
		d.tell(alive(status))
		select {
		case <-ctx.Done():
			return
		case <-step.C:
		}
	}
}
