package doctor_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/doctor"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func well() doctor.Facts {
	return doctor.Facts{
		MonthBytes: 15e12, MonthLimit: 20e12,
		Now: now, Running: true, Sessions: 1000, TLS: true, Certificate: now.Add(60 * 24 * time.Hour), Host: "chat.example",
		Machine: doctor.Machine{Descriptors: 65536, DescriptorsUsed: 50, SocketBuffer: 8 << 20, MemoryLimit: 1 << 30, MemoryUsed: 1 << 28, DiskFree: 50 << 30, DiskSize: 100 << 30, DataDirMode: 0o700},
	}
}

func TestExamine(t *testing.T) {
	if found := doctor.Examine(well()); len(found) > 0 {
		t.Errorf("found where nothing is wrong: %+v", found)
	}
	if found := doctor.Examine(doctor.Facts{Now: now}); len(found) > 0 {
		t.Errorf("found where nothing is known: %+v", found)
	}
	for _, test := range []struct {
		what  string
		level doctor.Level
		spoil func(*doctor.Facts)
	}{
		{"descriptors", doctor.Serious, func(f *doctor.Facts) { f.Machine.Descriptors = 1024 }},
		{"descriptors", doctor.Serious, func(f *doctor.Facts) { f.Machine.DescriptorsUsed = 60000 }},
		{"match.sessions", doctor.Notice, func(f *doctor.Facts) { f.Sessions = 100_000 }},
		{"buffer", doctor.Notice, func(f *doctor.Facts) { f.Machine.SocketBuffer = 212992 }},
		{"not synchronized", doctor.Notice, func(f *doctor.Facts) { f.Machine.ClockUnsynchronized = true }},
		{"was set", doctor.Notice, func(f *doctor.Facts) { f.ClockSteps = 1 }},
		{"of memory", doctor.Serious, func(f *doctor.Facts) { f.Machine.MemoryUsed = 900 << 20 }},
		{"MiB are free", doctor.Serious, func(f *doctor.Facts) { f.Machine.DiskFree = 1 << 30 }},
		{"MiB are free", doctor.Notice, func(f *doctor.Facts) { f.Machine.DiskFree = 5 << 30 }},
		{"mode 0755", doctor.Serious, func(f *doctor.Facts) { f.Machine.DataDirMode = 0o755 }},
		{"belongs to", doctor.Serious, func(f *doctor.Facts) { f.Machine.DataDirForeign = true }},
		{"no contact", doctor.Notice, func(f *doctor.Facts) { f.NoContact = true }},
		{"expired", doctor.Serious, func(f *doctor.Facts) { f.Certificate = now.Add(-time.Hour) }},
		{"ends on 2026-12-02", doctor.Serious, func(f *doctor.Facts) { f.Certificate = now.Add(3 * 24 * time.Hour) }},
		{"no certificate", doctor.Serious, func(f *doctor.Facts) { f.Certificate = time.Time{} }},
		{"does not answer", doctor.Serious, func(f *doctor.Facts) { f.Unready = "timeout" }},
		{"no address", doctor.Serious, func(f *doctor.Facts) { f.HostError = "no such host" }},
		{"another program has :3478", doctor.Serious, func(f *doctor.Facts) { f.Taken = []string{":3478"} }},
		{"80 % of turn.traffic_per_month", doctor.Notice, func(f *doctor.Facts) { f.MonthBytes, f.MonthLimit = 16e12, 20e12 }},
		{"until 2026-12-01", doctor.Serious, func(f *doctor.Facts) {
			f.MonthBytes, f.MonthLimit, f.MonthEnds = 20e12, 20e12, now.Add(36*time.Hour)
		}},
		{"ban store", doctor.Serious, func(f *doctor.Facts) { f.Store = []string{"page 3"} }},
		{"audit log", doctor.Serious, func(f *doctor.Facts) { f.AuditDamaged = true }},
		{"could not be written", doctor.Serious, func(f *doctor.Facts) { f.BanFailures = 1 }},
		{"could not delete", doctor.Serious, func(f *doctor.Facts) { f.RetentionFails = 1 }},
		{"overdue", doctor.Serious, func(f *doctor.Facts) { f.Overdue = 1 }},
		{"waits for 25 hours", doctor.Notice, func(f *doctor.Facts) { f.OldestCase = 25 * time.Hour }},
		{"legal hold", doctor.Notice, func(f *doctor.Facts) { f.LegalHoldEnds = now.Add(time.Hour) }},
		{"classifier", doctor.Notice, func(f *doctor.Facts) { f.Resting = true }},
		{"the log warned: of something", doctor.Notice, func(f *doctor.Facts) { f.Warnings = []string{"of something"} }},
	} {
		f := well()
		test.spoil(&f)
		found := doctor.Examine(f)
		if len(found) != 1 || found[0].Level != test.level || !strings.Contains(found[0].What, test.what) || found[0].Do == "" || doctor.Worst(found) != (test.level == doctor.Serious) {
			t.Errorf("%s: found %+v", test.what, found)
		}
	}
	f := well()
	f.NoContact, f.AuditDamaged = true, true
	if found := doctor.Examine(f); len(found) != 2 || found[0].Level != doctor.Serious {
		t.Errorf("the worst is not first: %+v", found)
	}
}

// What the daemon's sandbox hides, the command line sees.
func TestBeside(t *testing.T) {
	own := doctor.Machine{SocketBuffer: 212992, ClockUnsynchronized: true}
	confined := doctor.Report{}
	if confined.Beside(own); len(confined.Findings) != 2 {
		t.Errorf("found %+v", confined.Findings)
	}
	seen := doctor.Report{Machine: doctor.Machine{SocketBuffer: 8 << 20, ClockUnsynchronized: true}}
	if seen.Beside(own); len(seen.Findings) != 0 {
		t.Errorf("found %+v", seen.Findings)
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	m := doctor.Look(dir)
	if m.DataDirMode != 0o711 || m.Kernel == "" {
		t.Errorf("%+v", m)
	}
}

func TestLines(t *testing.T) {
	var lines doctor.Lines
	if lines.Text() != "" {
		t.Error("there is text before the first line")
	}
	for i := range 1200 {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	text := lines.Text()
	if !strings.HasPrefix(text, "line 700\n") || !strings.HasSuffix(text, "line 1199\n") || strings.Count(text, "\n") != 500 {
		t.Errorf("%d lines, from %.20q", strings.Count(text, "\n"), text)
	}
	for range 500 {
		fmt.Fprintln(&lines, strings.Repeat("x", 1<<16))
	}
	if n := len(lines.Text()); n > 520<<10 {
		t.Errorf("%d bytes are kept", n)
	}
}

func TestLogCounts(t *testing.T) {
	var counts doctor.LogCounts
	log := slog.New(counts.Handler(slog.NewTextHandler(io.Discard, nil))).With("a", 1).WithGroup("g")
	log.Debug("not taken")
	log.Info("one")
	log.Warn("two")
	log.Error("three")
	if got := counts.Counts(); got["debug"] != 0 || got["info"] != 1 || got["warn"] != 1 || got["error"] != 1 || len(got) != len(doctor.Levels()) {
		t.Errorf("counted %v", got)
	}
}

func TestWriteBundle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.tar.gz")
	files := []doctor.File{{Name: "a.txt", Text: "one"}, {Name: "long.txt", Text: strings.Repeat("x", 3*doctor.MaxFile)}}
	if err := doctor.WriteBundle(path, files, now); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	packed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int)
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		sizes[header.Name] = len(text)
	}
	if sizes["joingyd-doctor/a.txt"] != 3 || sizes["joingyd-doctor/long.txt"] != doctor.MaxFile {
		t.Errorf("%v", sizes)
	}
	if err := doctor.WriteBundle(path, files, now); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Errorf("written over another: %v", err)
	}
	if err := doctor.WriteBundle(filepath.Join(t.TempDir(), "none", "b"), files, now); err == nil {
		t.Error("written into a directory that is not there")
	}
}

func TestCut(t *testing.T) {
	line := strings.Repeat("x", 99) + "\n"
	lines := doctor.Cut(strings.Repeat(line, doctor.MaxFile/len(line)+1))
	if rest := strings.TrimSuffix(lines, "(cut off)\n"); len(lines) > doctor.MaxFile || len(lines) < doctor.MaxFile-2*len(line) || strings.ReplaceAll(rest, line, "") != "" {
		t.Errorf("lines are cut to %d bytes, the last %q", len(lines), lines[len(lines)-150:])
	}
	if again := doctor.Cut(lines); again != lines {
		t.Error("what was cut is cut again")
	}
}
