// The race detector makes these ten times slower and finds nothing in them: a
// store with one writer, in a process of its own.
//go:build !race

package ban_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// replay is what to do with a trace, and what cutting the power at every moment
// of it came to.
type replay struct {
	look    string // at what is found then: one of looks
	few     int    // of so many things that may be on the disk every subset is tried
	samples int    // random ones, of each moment
	from    int    // the moment to start with
	enough  int    // failures to end after

	cuts, images, lost, unusable int
	failures                     []string
}

func (r *replay) String() string {
	return fmt.Sprintf("lost: %d, not opened: %d, in %d cuts and %d images", r.lost, r.unusable, r.cuts, r.images)
}

// run cuts the power at every moment of a trace, and looks at each directory that
// may be found then.
func (r *replay) run(t *testing.T, tr trace, dir string) {
	t.Helper()
	d, err := newDisk(tr.calls, dir)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	seen := make(map[[sha256.Size]byte]bool)
	found, looker := filepath.Join(quickDir(t), "data"), newExaminer(t, r.look)
	defer looker.stop() //nolint:errcheck // it has answered
	for _, cut := range d.cuts {
		if cut < r.from {
			continue
		}
		r.cuts++
		p, err := d.promised(cut)
		if err != nil {
			t.Fatal(err)
		}
		sure, maybe := d.at(cut)
		for _, chosen := range r.outcomes(maybe, random) {
			if len(r.failures) >= r.enough {
				return
			}
			files := image(sure, chosen)
			sum := hashOf(files, p)
			if seen[sum] {
				continue
			}
			seen[sum] = true
			if err := writeFiles(found, files); err != nil {
				t.Fatal(err)
			}
			r.check(looker, found, p, fmt.Sprintf("cut at line %d of the trace, %d of %d effects done", cut, len(chosen), len(torn(maybe))))
		}
	}
}

func (r *replay) check(looker *examiner, dir string, p promises, where string) {
	r.images++
	o, err := looker.ask(finding{Dir: dir, Promises: p})
	broken := o.Broken
	switch {
	case err != nil:
		broken = append(broken, err.Error())
	case o.Error != "":
		broken = append(broken, o.Error)
	}
	if r.lost += len(o.Broken); len(broken) > len(o.Broken) {
		r.unusable++
	}
	for _, what := range broken {
		r.failures = append(r.failures, where+": "+what)
	}
}

// report fails the test for what is broken.
func (r *replay) report(t *testing.T) {
	t.Helper()
	for _, what := range r.failures[:min(len(r.failures), 20)] {
		t.Error(what)
	}
}

func hashOf(files map[string][]byte, p promises) (sum [sha256.Size]byte) {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(hash, "%s %d\n", name, len(files[name]))
		hash.Write(files[name])
	}
	fmt.Fprint(hash, p)
	return [sha256.Size]byte(hash.Sum(nil))
}

// Trial S2: the power is cut at every moment from the first start on. What was
// synced is on the disk, what was not is there in part, and the store has to open
// and to have kept its promises.
func TestS2PowerCut(t *testing.T) {
	needStrace(t)
	changes, r := "8", replay{look: "store", few: 5, samples: 2, enough: 100}
	if fullTrials() {
		changes, r.few, r.samples = "40", 6, 40
	}
	dir := quickDir(t)
	tr := record(t, "changer", []string{dir, changes})
	if tr.err != nil {
		t.Fatal(tr.err)
	}
	r.run(t, tr, dir)
	r.report(t)
	t.Logf("figure: %v", &r)
}

// Trial S2 after a first start that was killed at one of its calls: what it left
// in the page cache may not be on the disk yet when the next start acknowledges
// bans.
func TestS2KilledThenPowerCut(t *testing.T) {
	needStrace(t)
	r := replay{look: "store", few: 3, samples: 1, enough: 100}
	kills := 0
	names, first, last := []string{"fsync"}, 2, 4
	if fullTrials() {
		names, first, last = []string{"fsync", "fdatasync", "pwrite64", "ftruncate", "linkat", "renameat", "unlinkat"}, 1, 8
	}
	for _, name := range names {
		for n := first; n <= last; n++ {
			dir := quickDir(t)
			tr := recordKilled(t, "changer", []string{dir, "1"}, fmt.Sprintf("%s:when=%d", name, n))
			if !tr.killed {
				break
			}
			kills++
			r.run(t, tr, dir)
		}
	}
	if kills < 2 {
		t.Error("the first start does not sync the directory after the key and after the store")
	}
	r.report(t)
	t.Logf("figure: %d kills of the first start, then power cuts: %v", kills, &r)
}

// A replay finds what a store loses that does not sync, or whose name on the disk
// is not.
func TestPowerCutFindsWhatIsNotSynced(t *testing.T) {
	needStrace(t)
	dir := quickDir(t)
	r := replay{look: "plain", enough: 1}
	if r.run(t, record(t, "unsynced", []string{dir, "4"}), dir); len(r.failures) == 0 {
		t.Errorf("%v, though nothing was synced", &r)
	}
	dir = quickDir(t)
	tr := record(t, "changer", []string{dir, "4"})
	tr.calls = slices.DeleteFunc(tr.calls, func(c call) bool { return c.name == "fsync" })
	r = replay{look: "store", from: tr.calls[len(tr.calls)-1].begin, enough: 1}
	if r.run(t, tr, dir); r.lost == 0 {
		t.Errorf("%v, though the directory was not synced", &r)
	}
}

// Trials S2 and S3 with a store in a cluster.
func TestS2PowerCutInACluster(t *testing.T) {
	if !fullTrials() {
		t.Skip("part of make trials")
	}
	t.Setenv(trialNode, "a")
	TestS2PowerCut(t)
}

func TestS3FaultAtEveryCallInACluster(t *testing.T) {
	if !fullTrials() {
		t.Skip("part of make trials")
	}
	t.Setenv(trialNode, "a")
	TestS3FaultAtEveryCall(t)
}
