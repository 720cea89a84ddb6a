package main

import (
	"log/slog"
	"regexp"
	"strings"
)

// faultLog takes what net/http says of clients' faults, for debugging, and leaves
// their addresses out.
type faultLog struct{ log *slog.Logger }

var anAddress = regexp.MustCompile(`(\[[0-9A-Fa-f:.%a-z]+\]|\d{1,3}(\.\d{1,3}){3})(:\d+)?`)

// Write implements io.Writer.
func (l faultLog) Write(text []byte) (int, error) {
	l.log.Debug(anAddress.ReplaceAllString(strings.TrimSpace(string(text)), "a client"))
	return len(text), nil
}
