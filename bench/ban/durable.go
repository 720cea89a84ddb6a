package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/bench/markdown"
)

// durableFor is how long each row of durable is measured.
const durableFor = 3 * time.Second

// durable is the table of bans that are on disk when the call returns, in a store
// with the list's bans, beside what the disk can do: a page written and synced.
func (b *bench) durable(ctx context.Context, _ string) error {
	path := filepath.Join(b.dir, "lookups.db") // of lookUps
	store, err := ban.Open(path, keys, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	syncs, err := b.syncs()
	if err != nil {
		return err
	}
	table := markdown.NewTable(b.out, fmt.Sprintf("bans made one by one, beside %d", b.bans), "bans/s, each safe on disk", "÷ fdatasyncs/s of this disk")
	next := atomic.Uint32{}
	for _, admins := range []int{1, 8, 64} {
		made, failed := atomic.Int64{}, atomic.Pointer[error]{}
		start := time.Now()
		var all sync.WaitGroup
		for range admins {
			all.Go(func() {
				for time.Since(start) < durableFor && ctx.Err() == nil {
					t := ban.TargetFor(address4(0x65000000 + next.Add(1)))
					if _, err := store.Add(ban.Entry{Target: t, Reason: "spam", By: "bench"}); err != nil {
						failed.Store(&err)
						return
					}
					made.Add(1)
				}
			})
		}
		all.Wait()
		if err := failed.Load(); err != nil {
			return *err
		}
		rate := float64(made.Load()) / time.Since(start).Seconds()
		table.Row(fmt.Sprintf("by %d at the same time", admins), fmt.Sprintf("%.0f", rate), markdown.Ratio(rate, syncs))
	}
	return ctx.Err()
}

// syncs returns how often a second the disk takes a page and keeps it.
func (b *bench) syncs() (float64, error) {
	file, err := os.Create(filepath.Join(b.dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	page := make([]byte, 4096)
	n := 0
	start := time.Now()
	for ; time.Since(start) < durableFor; n++ {
		_, err := file.WriteAt(page, int64(n%256)*4096)
		if err = errors.Join(err, datasync(file)); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
