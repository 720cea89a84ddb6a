package trial_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// change is a mistake made in a copy of one file of the source: old becomes new.
type change struct {
	file     string // below the module's root, or below GOROOT/src with a leading "std:"
	old, new string
}

// build compiles the daemon, with changes, and returns its path.
func build(t *testing.T, changes ...change) string {
	t.Helper()
	root, dir := moduleRoot(t), t.TempDir()
	program := filepath.Join(dir, "joingyd")
	args := []string{"build", "-o", program}
	if len(changes) > 0 {
		args = append(args, "-overlay", overlay(t, dir, root, changes))
	}
	cmd := exec.Command("go", append(args, "./cmd/joingyd")...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// overlay writes the changed copies, and what go build wants to know of them.
func overlay(t *testing.T, dir, root string, changes []change) string {
	t.Helper()
	replaced := map[string]string{}
	for _, c := range changes {
		path := filepath.Join(root, c.file)
		if std, ok := strings.CutPrefix(c.file, "std:"); ok {
			path = filepath.Join(goroot(t), "src", std)
		}
		from := path
		if copied := replaced[path]; copied != "" {
			from = copied
		}
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), c.old); n != 1 {
			t.Fatalf("%s has %q %d times, and it has to be there once: bring this change up to date", c.file, c.old, n)
		}
		to := filepath.Join(dir, strings.ReplaceAll(filepath.ToSlash(c.file), "/", "_"))
		if err := os.WriteFile(to, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replaced[path] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT, %s: %v", runtime.Version(), err)
	}
	return strings.TrimSpace(string(out))
}

// skewed has a daemon's wall clock be off by the seconds in TRIAL_CLOCK. Monotonic readings stay
// what they are, as with a clock that was set wrong before the start.
var skewed = []change{
	{"std:time/time.go", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += trialClock()\n"},
	{"std:time/sys_unix.go", "// for testing: whatever interrupts a sleep\n", trialClock + "\n// for testing: whatever interrupts a sleep\n"},
}

const trialClock = `
var trialSeconds = func() (n int64) {
	text, _ := syscall.Getenv("TRIAL_CLOCK")
	minus := len(text) > 0 && text[0] == '-'
	if minus {
		text = text[1:]
	}
	for _, c := range []byte(text) {
		n = n*10 + int64(c-'0')
	}
	if minus {
		n = -n
	}
	return n
}()

func trialClock() int64 { return trialSeconds }
`
