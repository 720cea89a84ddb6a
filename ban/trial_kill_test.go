package ban_test

import (
	"bufio"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
)

// writeUntilKilled bans from several goroutines, and ends each fifth ban again:
//
//	writer DIR FIRST LIMIT
//
// FIRST is the first target's number. After LIMIT of them it ends.
func writeUntilKilled(args []string) error {
	first, err := strconv.Atoi(args[1])
	limit, err2 := strconv.Atoi(args[2])
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	say("opening")
	store, err := openTrialDir(args[0])
	if err != nil {
		return err
	}
	const writers = 4
	ended := make(chan error, writers)
	var made atomic.Int64
	for range writers {
		go func() {
			var err error
			for n := int(made.Add(1)); n <= limit && err == nil; n = int(made.Add(1)) {
				target := trialTarget(first + n)
				if err = store.sayAdd(target); n%5 == 0 && err == nil {
					err = store.sayRemove(target)
				}
			}
			ended <- err
		}()
	}
	for range writers {
		err = errors.Join(err, <-ended)
	}
	return errors.Join(err, store.Close())
}

// killWriter runs a writer on the directory, and kills it at a random moment. It
// adds what the writer said to the promises.
func killWriter(t *testing.T, dir string, first int, kept promises) {
	t.Helper()
	const limit = 1000
	child := childCommand(t, "writer", []string{dir, strconv.Itoa(first), strconv.Itoa(limit)})
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said, killAfter := 0, 1+rand.IntN(40)
	for lines := bufio.NewScanner(out); lines.Scan(); said++ {
		if said == killAfter { // not always right after an answer
			for range rand.IntN(5000) {
				runtime.Gosched()
			}
			child.Process.Kill() //nolint:errcheck // Wait tells
		}
		if lines.Text() == "opening" {
			continue
		}
		if err := kept.note(lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the writer ended with %v after %d lines", err, said)
	}
}

// Trial S1: kill -9, again and again, while bans are made and ended in one file.
// The writer goes on with the file as the kill before has left it; what is looked
// at is a copy.
func TestS1KillWhileWriting(t *testing.T) { killWhileWriting(t, 25, 1000) }

// The same with a store in a cluster, whose log has to agree with it.
func TestS1KillWhileWritingInACluster(t *testing.T) {
	t.Setenv(trialNode, "a")
	killWhileWriting(t, 3, 200)
}

func killWhileWriting(t *testing.T, kills, inFull int) {
	if fullTrials() {
		kills = inFull
	}
	dir, kept := t.TempDir(), promises{}
	var opening []time.Duration
	lost := 0
	for n := range kills {
		killWriter(t, dir, n*1000, kept)
		copied := quickDir(t)
		for _, name := range []string{trialKeyFile, trialStoreFile} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(copied, name), content, 0o600)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may have been killed before it made them
				t.Fatal(err)
			}
		}
		if err := checkBolt(filepath.Join(copied, trialStoreFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kill %d: %v", n, err)
		}
		if key, err := config.LoadOrCreateSecret(filepath.Join(copied, trialKeyFile)); err != nil {
			t.Fatal(err)
		} else if r, err := ban.VerifyFile(filepath.Join(copied, trialStoreFile), ban.Keys{key}); err == nil && (len(r.Problems) > 0 || r.Unlogged > 0) {
			t.Errorf("kill %d: %+v", n, r)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kill %d: %v", n, err)
		}
		start := time.Now()
		store, err := openTrialDir(copied)
		if err != nil {
			t.Fatalf("kill %d: %v", n, err)
		}
		opening = append(opening, time.Since(start))
		broken, err := kept.broken(store)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range broken {
			t.Errorf("kill %d: %s", n, what)
		}
		lost += len(broken)
		kept.settle(store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		os.RemoveAll(copied)
	}
	slices.Sort(opening)
	acknowledged, ended := kept.count()
	t.Logf("figure: lost: %d of %d bans and %d removals in %d kills; opened in %.1f ms (p50), %.1f ms (max)",
		lost, acknowledged, ended, kills, opening[kills/2].Seconds()*1e3, opening[kills-1].Seconds()*1e3)
}
