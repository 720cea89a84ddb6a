// The race detector makes these ten times slower and finds nothing in them: a
// store with one writer, in a process of its own.
//go:build !race

package ban_test

import (
	"fmt"
	"strings"
	"testing"
)

// faultRun is what a fault at one call came to.
type faultRun struct {
	failed bool // whether anybody was told of it
	broken []string
}

// runWithFault has the changer meet a fault, and looks at what it leaves: as it
// is in the page cache, and after a power cut at any later moment.
func runWithFault(t *testing.T, fault string, cuts *replay) (run faultRun, injected bool) {
	t.Helper()
	dir := quickDir(t)
	tr := record(t, "changer", []string{dir, "3"}, fault)
	if !tr.injected {
		return run, false
	}
	d, err := newDisk(tr.calls, dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.promised(never)
	if err != nil {
		t.Fatal(err)
	}
	run.failed = tr.err != nil
	for _, s := range d.said {
		run.failed = run.failed || strings.HasPrefix(s.line, "fail ")
	}
	if tr.err != nil && strings.Contains(tr.err.Error(), "goroutine ") {
		run.broken = append(run.broken, tr.err.Error())
	}
	for _, c := range tr.calls {
		// Only a sync that failed makes a difference to those who look later.
		if c.failed && strings.HasSuffix(c.name, "sync") {
			cuts.from, cuts.failures = c.begin, nil
			cuts.run(t, tr, dir)
			run.broken = append(run.broken, cuts.failures...)
			break
		}
	}
	cuts.failures = nil
	looker := newExaminer(t, cuts.look)
	defer looker.stop() //nolint:errcheck // it has answered
	cuts.check(looker, dir, p, "at the next start")
	run.broken = append(run.broken, cuts.failures...)
	return run, true
}

// Trial S3, at the store: a disk that fails one call, or all of them from one on.
// What was acknowledged is there after the next start, and after a power cut.
func TestS3FaultAtEveryCall(t *testing.T) {
	needStrace(t)
	tests := []struct {
		fault string
		brief []int // the calls that fail, but in full
	}{
		{"pwrite64:error=ENOSPC", []int{6}},
		{"pwrite64:error=EIO", nil},
		{"ftruncate:error=ENOSPC", []int{1}},
		{"fsync:error=EIO", []int{2}},
		{"fdatasync:error=EIO", []int{6, 7, 8}}, // of pages and of metas
	}
	runs, told, broken := 0, 0, 0
	cuts := replay{look: "store", few: 4, samples: 2, enough: 20}
	meet := func(fault string) (injected bool) {
		run, injected := runWithFault(t, fault, &cuts)
		if !injected {
			return false
		}
		runs++
		if run.failed {
			told++
		}
		broken += len(run.broken)
		for _, what := range run.broken[:min(len(run.broken), 3)] {
			t.Errorf("%s: %s", fault, what)
		}
		return true
	}
	for _, tt := range tests {
		for n := 1; fullTrials() && meet(fmt.Sprintf("%s:when=%d", tt.fault, n)); n++ {
			meet(fmt.Sprintf("%s:when=%d+", tt.fault, n))
		}
		for _, n := range tt.brief {
			if !fullTrials() && !meet(fmt.Sprintf("%s:when=%d", tt.fault, n)) {
				t.Errorf("%s: there is no call %d", tt.fault, n)
			}
		}
	}
	t.Logf("figure: false acknowledgements: %d; %d faults, %d told to the caller; then %d power cuts, %d images", broken, runs, told, cuts.cuts, cuts.images)
}
