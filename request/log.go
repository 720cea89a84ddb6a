package request

import (
	"context"
	"log/slog"
)

// Attr is the key of a request's name in the log.
const Attr = "request_id"

// log adds the name of the request to lines that are logged with its context.
type log struct{ slog.Handler }

// NewLog returns to with the name of the request in what is logged with its context.
func NewLog(to slog.Handler) slog.Handler { return log{to} }

// Handle implements slog.Handler, like the rest.
func (l log) Handle(ctx context.Context, r slog.Record) error {
	if name := ID(ctx); name != "" {
		r = r.Clone()
		r.AddAttrs(slog.String(Attr, name))
	}
	return l.Handler.Handle(ctx, r)
}

func (l log) WithAttrs(attrs []slog.Attr) slog.Handler { return log{l.Handler.WithAttrs(attrs)} }

func (l log) WithGroup(name string) slog.Handler { return log{l.Handler.WithGroup(name)} }
