package main

import (
	"log/slog"
	"strings"
)

// faultLog takes what net/http says of clients' faults, for debugging. Their addresses
// are addressLog's to cut.
type faultLog struct{ log *slog.Logger }

// Write implements io.Writer.
func (l faultLog) Write(text []byte) (int, error) {
	l.log.Debug(strings.TrimSpace(string(text)))
	return len(text), nil
}
