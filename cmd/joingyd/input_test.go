package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// Whoever waits for standard input can be interrupted.
func TestInterruptedInput(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, "203.0.113.1")
	for _, args := range [][]string{
		{"restore", "-", "--data-dir", dir},
		{"bans", "import", "-", "--format", "plain", "--offline", "--data-dir", dir},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		silent, speak := io.Pipe()
		defer speak.Close()
		root := newRootCommand()
		root.SetIn(readNotifier{silent, interrupt})
		var out, errs bytes.Buffer
		if status := execute(ctx, root, args, &out, &errs); status != exitRefused || !strings.Contains(errs.String(), "context canceled") {
			t.Errorf("%v: status %d, %s%s", args, status, out.String(), errs.String())
		}
	}
}

// readNotifier tells that somebody reads.
type readNotifier struct {
	io.Reader
	reading func()
}

func (r readNotifier) Read(p []byte) (int, error) {
	r.reading()
	return r.Reader.Read(p)
}
