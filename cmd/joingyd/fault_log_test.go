package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestFaultLogHasNoAddress(t *testing.T) {
	var out bytes.Buffer
	l := faultLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, addr := range []string{"203.0.113.7:4711", "[2001:db8::7]:4711", "[fe80::1%eth0]:4711", "203.0.113.7"} {
		out.Reset()
		if _, err := l.Write([]byte("http: TLS handshake error from " + addr + ": EOF\n")); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); !strings.Contains(got, "TLS handshake error from a client: EOF") || strings.Contains(got, "4711") {
			t.Errorf("of %s is logged %s", addr, got)
		}
	}
}
