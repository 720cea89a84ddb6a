package doctor

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

const (
	mostLines = 500
	mostLine  = 1 << 10 // bytes; the rest of a line is cut off
)

// Lines keeps the last lines that are written to it, in memory: 500 KiB at most. A Write is
// a line, as slog's handlers do. The zero value is ready; it is safe for concurrent use.
type Lines struct {
	mu    sync.Mutex // guards what follows
	lines [mostLines][]byte
	next  int
}

// Write implements io.Writer. It never fails.
func (l *Lines) Write(line []byte) (int, error) {
	kept := bytes.TrimRight(line, "\n")
	if len(kept) > mostLine {
		kept = append(append([]byte(nil), kept[:mostLine]...), "…"...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[l.next] = append(l.lines[l.next][:0], kept...)
	l.next = (l.next + 1) % mostLines
	return len(line), nil
}

// Text returns the lines, the oldest first.
func (l *Lines) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text bytes.Buffer
	for i := range mostLines {
		if line := l.lines[(l.next+i)%mostLines]; len(line) > 0 {
			text.Write(line)
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// The levels that LogCounts counts by.
var levels = [...]string{"debug", "info", "warn", "error"}

// Levels lists them.
func Levels() []string { return levels[:] }

// LogCounts counts lines of a log by level.
type LogCounts struct{ counts [len(levels)]atomic.Uint64 }

// Counts returns them.
func (c *LogCounts) Counts() map[string]uint64 {
	counts := make(map[string]uint64, len(levels))
	for i, name := range levels {
		counts[name] = c.counts[i].Load()
	}
	return counts
}

// Handler returns to, with what it takes counted.
func (c *LogCounts) Handler(to slog.Handler) slog.Handler { return counting{to, c} }

type counting struct {
	slog.Handler
	counts *LogCounts
}

// Handle implements slog.Handler, like the rest.
func (h counting) Handle(ctx context.Context, r slog.Record) error {
	at := 0
	switch {
	case r.Level >= slog.LevelError:
		at = 3
	case r.Level >= slog.LevelWarn:
		at = 2
	case r.Level >= slog.LevelInfo:
		at = 1
	}
	h.counts.counts[at].Add(1)
	return h.Handler.Handle(ctx, r)
}

func (h counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counting{h.Handler.WithAttrs(attrs), h.counts}
}

func (h counting) WithGroup(name string) slog.Handler {
	return counting{h.Handler.WithGroup(name), h.counts}
}
