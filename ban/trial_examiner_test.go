package ban_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// finding is a directory to look at, and what should be in its store.
type finding struct {
	Dir      string
	Promises promises          // of the one that made it
	Active   map[string]string // exactly, if not nil
	Ended    []string
}

// opinion is what looking came to.
type opinion struct {
	Broken  []string // what the store opened with, and should not have
	Error   string   // why it did not open, or could not go on
	Corrupt bool     // whether that says that the file is damaged
}

// looks are the ways to look at a finding.
var looks = map[string]func(finding) ([]string, error){
	"store":   lookAtStore,
	"plain":   lookAtPlain,
	"damaged": lookAtDamaged,
}

// examine is told findings on its standard input and answers each, a line of JSON
// both:
//
//	examiner LOOK
func examine(args []string) error {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var f finding
		if err := in.Decode(&f); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var o opinion
		var err error
		if o.Broken, err = looks[args[0]](f); err != nil {
			o.Error, o.Corrupt = err.Error(), saysDamaged(err)
		}
		if err := out.Encode(o); err != nil {
			return err
		}
	}
}

// examiner has a child look at findings, as what is found may crash or hold who
// opens it. The child is started anew then.
type examiner struct {
	t        *testing.T
	look     string
	patience time.Duration
	cmd      *exec.Cmd // nil: not running
	in       io.WriteCloser
	answers  *bufio.Reader
	stderr   *bytes.Buffer
}

func newExaminer(t *testing.T, look string) *examiner {
	e := &examiner{t: t, look: look, patience: time.Minute}
	t.Cleanup(func() { e.stop() })
	return e
}

func (e *examiner) start() {
	e.t.Helper()
	e.cmd, e.stderr = childCommand(e.t, "examiner", []string{e.look}), new(bytes.Buffer)
	e.cmd.Stderr = e.stderr
	var err error
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		e.t.Fatal(err)
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		e.t.Fatal(err)
	}
	e.answers = bufio.NewReader(out)
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
}

// stop ends the child and returns how it ended.
func (e *examiner) stop() error {
	if e.cmd == nil {
		return nil
	}
	e.in.Close()
	err := e.cmd.Wait()
	e.cmd = nil
	return err
}

// ask returns the opinion on a finding. If there is none, the error is how the
// child ended: in a crash, or killed after a minute.
func (e *examiner) ask(f finding) (o opinion, err error) {
	e.t.Helper()
	if e.cmd == nil {
		e.start()
	}
	if err := json.NewEncoder(e.in).Encode(f); err != nil {
		e.t.Fatal(err)
	}
	child := e.cmd.Process
	hangs := time.AfterFunc(e.patience, func() { child.Kill() }) //nolint:errcheck // it may have ended
	line, err := e.answers.ReadBytes('\n')
	if hangs.Stop() && err == nil {
		return o, json.Unmarshal(line, &o)
	}
	err = e.stop()
	last, _, _ := strings.Cut(e.stderr.String(), "\n\n")
	return o, fmt.Errorf("the process that opened it ended: %v; %.300s", err, last)
}
