package ban_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// call is one system call of a traced child.
type call struct {
	name   string
	args   []string // strings as they are, all else as strace writes it
	result int
	failed bool
	// Its place among the beginnings and ends of all calls. -1: it did not end.
	begin, end int
}

// traced are the calls that can change a file, a directory or what is on the
// disk of them, as far as a store may make them.
const traced = "?open,openat,?creat,write,pwrite64,writev,pwritev,?pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile," +
	"fsync,fdatasync,?rename,?renameat,renameat2,?link,linkat,?unlink,unlinkat,?mkdir,mkdirat"

// trace is what strace has seen of a child.
type trace struct {
	calls    []call // in the order in which they began
	injected bool   // whether a call was made to fail
	killed   bool   // whether the process was killed in a call
	err      error  // how the child ended
}

// record runs a child below strace, which injects the faults, each one like
// fdatasync:error=EIO:when=3.
func record(t *testing.T, child string, args []string, faults ...string) trace {
	t.Helper()
	return recordBelow(t, []string{"--seccomp-bpf"}, child, args, faults...) // stops at these calls only
}

// recordKilled runs a child that is killed at a call, each one like fsync:when=3,
// and then the child again.
func recordKilled(t *testing.T, child string, args []string, at string) trace {
	t.Helper()
	return recordBelow(t, []string{"sh", "-c", `"$@"; exec "$@"`, "sh"}, child, args, at+":signal=KILL")
}

func recordBelow(t *testing.T, more []string, child string, args []string, faults ...string) trace {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	below := []string{"strace", "-f", "-qq", "-xx", "-s", "1048576", "-e", "signal=none", "-e", "trace=" + traced, "-o", out}
	for _, fault := range faults {
		below = append(below, "--inject="+fault)
	}
	cmd := childCommand(t, child, args, append(below, more...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	result := trace{err: cmd.Run()}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v; %s", err, stderr.String())
	}
	result.injected = bytes.Contains(text, []byte("(INJECTED)"))
	if result.calls, result.killed, err = parseTrace(string(text)); err != nil {
		t.Fatal(err)
	}
	if result.err != nil {
		result.err = fmt.Errorf("%w; %s", result.err, stderr.String())
	}
	return result
}

// needStrace skips a test where processes cannot be traced.
func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("no strace (`make deps` installs it) or no right to trace: %v %s", err, out)
	}
}

var (
	wholeLine   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)$`)
	startedLine = regexp.MustCompile(`^(\d+) +(\w+\(.*) <unfinished \.\.\.>$`)
	resumedLine = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
)

// parseTrace reads what strace -f -xx writes.
func parseTrace(text string) (calls []call, killed bool, err error) {
	started := make(map[string]int) // by thread: its call that is not done
	lines := make(map[int]string)   // by call: its beginning
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "???") || strings.HasSuffix(line, " <detached ...>") {
			continue // a thread whose process is killed
		}
		at := len(calls)
		if m := startedLine.FindStringSubmatch(line); m != nil {
			started[m[1]], lines[at] = at, m[1]+" "+m[2]
			calls = append(calls, call{begin: number, end: -1})
			continue
		}
		begin := number
		if m := resumedLine.FindStringSubmatch(line); m != nil {
			at = started[m[1]]
			begin, line = calls[at].begin, lines[at]+m[2]
		} else {
			calls = append(calls, call{})
		}
		m := wholeLine.FindStringSubmatch(line)
		if m == nil {
			return nil, false, fmt.Errorf("line %d of the trace makes no sense: %.200s", number, line)
		}
		c := call{name: m[2], begin: begin, end: number}
		if c.result, err = strconv.Atoi(m[4]); err != nil {
			c.end, killed = -1, true
		}
		c.failed = c.result < 0
		if c.args, err = parseArgs(m[3]); err != nil {
			return nil, false, fmt.Errorf("line %d of the trace: %w", number, err)
		}
		calls[at] = c
	}
	return calls, killed, nil
}

// parseArgs splits arguments. With -xx no string contains a comma or a quote.
func parseArgs(text string) (args []string, err error) {
	for arg := range strings.SplitSeq(text, ",") {
		arg = strings.TrimSpace(arg)
		if strings.HasSuffix(arg, "...") {
			return nil, fmt.Errorf("a string is cut: %.40s", arg)
		}
		if quoted, isString := strings.CutPrefix(arg, `"`); isString {
			raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `\x`, ""))
			if err != nil {
				return nil, err
			}
			arg = string(raw)
		}
		args = append(args, arg)
	}
	return args, nil
}
