package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/joingyd/joingyd/admin"
)

// mostWarnings is how many different ones are kept: enough to see what is wrong.
const mostWarnings = 5

// warningLog is a log that keeps its last warnings and errors for joingyd status.
// It takes them whatever the level that is written.
type warningLog struct {
	slog.Handler
	kept *warnings
}

// warnings are the last different ones.
type warnings struct {
	mu   sync.Mutex
	list []admin.Warning // the one that came last is last
}

func newWarningLog(to slog.Handler) warningLog { return warningLog{to, new(warnings)} }

// Enabled implements slog.Handler, like the rest.
func (l warningLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || l.Handler.Enabled(ctx, level)
}

func (l warningLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		l.kept.add(r)
	}
	if !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

func (l warningLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warningLog{l.Handler.WithAttrs(attrs), l.kept}
}

func (l warningLog) WithGroup(name string) slog.Handler {
	return warningLog{l.Handler.WithGroup(name), l.kept}
}

// add keeps a record, in the place of one that said the same.
func (w *warnings) add(r slog.Record) {
	now := admin.Warning{At: r.Time.UTC(), Text: warningText(r), Times: 1}
	w.mu.Lock()
	defer w.mu.Unlock()
	same := slices.IndexFunc(w.list, func(before admin.Warning) bool { return before.Text == now.Text })
	switch {
	case same >= 0:
		now.Times += w.list[same].Times
		w.list = slices.Delete(w.list, same, same+1)
	case len(w.list) == mostWarnings:
		w.list = slices.Delete(w.list, 0, 1)
	}
	w.list = append(w.list, now)
}

// last returns what is kept, the one that came last at the end.
func (w *warnings) last() []admin.Warning {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

// warningText is the message, and in brackets what it tells besides.
func warningText(r slog.Record) string {
	var details []string
	r.Attrs(func(a slog.Attr) bool {
		details = append(details, fmt.Sprintf("%s: %s", a.Key, a.Value))
		return true
	})
	if len(details) == 0 {
		return r.Message
	}
	return fmt.Sprintf("%s (%s)", r.Message, strings.Join(details, ", "))
}
