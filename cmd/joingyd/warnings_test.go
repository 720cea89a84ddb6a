package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestWarningsAreKept(t *testing.T) {
	var written bytes.Buffer
	handler := newWarningLog(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelError}))
	log := slog.New(handler)
	log.Info("nothing")
	log.With("part", "relay").WithGroup("g").Warn("half full")
	log.Error("store unwritable", "error", errors.New("read-only file system"), "tries", 2)
	log.Warn("half full")
	got := handler.kept.last()
	if len(got) != 2 || got[0].Text != "store unwritable (error: read-only file system, tries: 2)" || got[0].Times != 1 || got[0].At.IsZero() {
		t.Errorf("kept %+v", got)
	}
	if len(got) == 2 && (got[1].Text != "half full" || got[1].Times != 2 || got[1].At.Before(got[0].At)) {
		t.Errorf("what came again is %+v", got[1])
	}
	if text := written.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "store unwritable") {
		t.Errorf("written, though only errors should be: %s", text)
	}

	for i := range 1000 {
		log.Warn(fmt.Sprintf("trouble %d", i))
	}
	got = handler.kept.last()
	if len(got) != mostWarnings || got[0].Text != "trouble 995" || got[4].Text != "trouble 999" {
		t.Errorf("of a thousand these are kept: %+v", got)
	}
}
