package ban_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// intactStore makes a store of some 200 bans and a history, and returns its files
// and what it says.
func intactStore(t *testing.T) (key, content []byte, says finding) {
	t.Helper()
	dir := quickDir(t)
	store, err := openTrialDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(1000 * time.Hour)
	for n := range 220 {
		end := time.Time{}
		if n%4 == 0 {
			end = until
		}
		if err := store.add(trialTarget(n*977), end); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 40 {
		target := trialTarget(n * 5 * 977)
		if n%2 == 0 {
			err = store.remove(target)
		} else {
			err = store.add(target, until)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if says.Active, err = store.active(); err != nil {
		t.Fatal(err)
	}
	if says.Ended, err = store.ended(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if key, err = os.ReadFile(filepath.Join(dir, trialKeyFile)); err == nil {
		content, err = os.ReadFile(filepath.Join(dir, trialStoreFile))
	}
	if err != nil {
		t.Fatal(err)
	}
	return key, content, says
}

// verdicts count what opening damaged files came to.
type verdicts struct{ right, refused, silent, unclear, crashed int }

// fail fails the test for one more of a kind, and prints the first few.
func (v *verdicts) fail(t *testing.T, kind *int, format string, args ...any) {
	t.Helper()
	if *kind++; *kind <= 5 {
		t.Errorf(format, args...)
	}
	t.Fail()
}

// judge writes a file that may be damaged, and has it opened.
func (v *verdicts) judge(t *testing.T, looker *examiner, says finding, key, content []byte, damage string) {
	t.Helper()
	if err := writeFiles(says.Dir, map[string][]byte{trialKeyFile: key, trialStoreFile: content}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(says.Dir, trialStoreFile)
	switch o, err := looker.ask(says); {
	case err != nil:
		v.fail(t, &v.crashed, "%s: %v", damage, err)
	case len(o.Broken) > 0:
		v.fail(t, &v.silent, "%s: it opened, and %.400s", damage, strings.Join(o.Broken, "; "))
	case o.Error == "":
		v.right++
	case !o.Corrupt || !strings.Contains(o.Error, path) || !strings.Contains(o.Error, "restore"):
		v.fail(t, &v.unclear, "%s: the error %q does not say that the file is damaged, which, and what to do", damage, o.Error)
	default:
		v.refused++
	}
}

// Trial S4: bits flipped and the file cut, at every page. Either the store opens,
// says all that it said, and goes on so, or it says that it is damaged.
func TestS4DamageAtEveryPage(t *testing.T) { damageAtEveryPage(t, 1) }

// The same with a store in a cluster: also what is logged for others is never wrong.
func TestS4DamageAtEveryPageInACluster(t *testing.T) {
	t.Setenv(trialNode, "a")
	damageAtEveryPage(t, 9)
}

// damageAtEveryPage looks at each page, or at one of several unless there is time.
func damageAtEveryPage(t *testing.T, oneOf int) {
	const header, meta = 16, 80 // bytes of a page's header; with a meta page's content
	key, content, says := intactStore(t)
	says.Dir = filepath.Join(quickDir(t), "data")
	looker := newExaminer(t, "damaged")
	var v verdicts
	v.judge(t, looker, says, key, content, "not damaged")
	if v.right != 1 {
		t.FailNow()
	}
	random := rand.New(rand.NewPCG(4, 4))
	flips, cuts := 0, 0
	flip := func(at, bit int) {
		flips++
		damaged := bytes.Clone(content)
		damaged[at] ^= 1 << bit
		v.judge(t, looker, says, key, damaged, fmt.Sprintf("bit %d of byte %d of page %d flipped", bit, at%pageSize, at/pageSize))
	}
	cut := func(size int) {
		cuts++
		v.judge(t, looker, says, key, content[:size], fmt.Sprintf("cut to %d pages and %d bytes", size/pageSize, size%pageSize))
	}
	pages := (len(bytes.TrimRight(content, "\x00")) + pageSize - 1) / pageSize
	if fullTrials() {
		pages = len(content) / pageSize // those that were never used as well
	}
	for page := range pages {
		if page >= 4 && page%oneOf != 0 && !fullTrials() {
			continue
		}
		start, head := page*pageSize, header
		if page < 2 {
			head = meta
		}
		if fullTrials() {
			for at := range head {
				flip(start+at, random.IntN(8))
			}
			for range 40 {
				flip(start+random.IntN(pageSize), random.IntN(8))
			}
			cut(start + 1)
			cut(start + random.IntN(pageSize))
		}
		flip(start+random.IntN(head), random.IntN(8))
		flip(start+random.IntN(pageSize), random.IntN(8))
		if fullTrials() || page < 4 || page%8 == 0 {
			cut(start)
		}
	}
	t.Logf("figure: silent: %d, crashed or hung: %d, error unclear: %d in %d flips and %d cuts of %d pages; %d opened and right, %d refused as damaged",
		v.silent, v.crashed, v.unclear, flips, cuts, pages, v.right-1, v.refused)
}
