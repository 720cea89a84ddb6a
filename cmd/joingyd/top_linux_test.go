package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/config"
)

// terminal is a pseudo-terminal with joingyd on it.
type terminal struct {
	t           *testing.T
	master, tty *os.File
	cmd         *exec.Cmd
	before      unix.Termios
	columns     uint16

	mu     sync.Mutex
	output bytes.Buffer
	more   chan struct{} // capacity 1: there is more output
}

// openTerminal runs joingyd on a terminal of its own, as a login would.
func openTerminal(t *testing.T, kind string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		master.Close()
		<-read
	})
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	p := &terminal{t: t, master: master, tty: tty, more: make(chan struct{}, 1)}
	p.before = p.termios()
	p.resize()

	p.cmd = exec.Command("joingyd", args...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.Env = append(os.Environ(), "TERM="+kind)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	go func() {
		defer close(read)
		p.read()
	}()
	return p
}

func (p *terminal) termios() unix.Termios {
	p.t.Helper()
	got, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *got
}

// read takes what is drawn, until the terminal is closed.
func (p *terminal) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.master.Read(buffer)
		p.mu.Lock()
		p.output.Write(buffer[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// resize makes the terminal a character wider, or narrower again: all is drawn
// anew then.
func (p *terminal) resize() {
	p.t.Helper()
	p.columns = 120 + (p.columns+1)%2
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: p.columns}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *terminal) press(keys string) {
	p.t.Helper()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// await returns what is drawn from now on, as soon as it is what is wanted.
func (p *terminal) await(what string, wanted func(drawn string) bool) string {
	p.t.Helper()
	deadline := time.After(patienceOfTests)
	for {
		p.mu.Lock()
		drawn := p.output.String()
		p.mu.Unlock()
		if wanted(drawn) {
			return drawn
		}
		select {
		case <-p.more:
		case <-deadline:
			p.t.Fatalf("%s was never drawn; this was: %q", what, drawn)
		}
	}
}

// show draws the whole screen, again and again until it is what is wanted.
func (p *terminal) show(what string, wanted func(screen string) bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patienceOfTests); ; {
		p.mu.Lock()
		p.output.Reset()
		p.mu.Unlock()
		p.resize()
		looks := 0
		drawn := p.await("a whole screen", func(drawn string) bool {
			_, screen, cleared := strings.Cut(drawn, ansi.EraseEntireScreen)
			if looks++; !cleared && looks%10 == 0 {
				p.resize() // the program may not have listened yet
			}
			return cleared && strings.Contains(screen, "q quit")
		})
		_, drawn, _ = strings.Cut(drawn, ansi.EraseEntireScreen)
		if screen := ansi.Strip(drawn); wanted(screen) {
			return
		} else if time.Now().After(deadline) {
			p.t.Fatalf("%s is never seen, but:\n%s", what, screen)
		}
	}
}

// ends waits for the end, which leaves the terminal as it was.
func (p *terminal) ends(status int) {
	p.t.Helper()
	late := time.AfterFunc(patienceOfTests, func() { p.cmd.Process.Kill() })
	err := p.cmd.Wait()
	late.Stop()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.t.Errorf("exit status %d (%v), want %d; drawn: %q", got, err, status, &p.output)
	}
	if after := p.termios(); after != p.before {
		p.t.Errorf("the terminal is left as %+v, it was %+v", after, p.before)
	}
}

// siteOf is what visitors of a daemon ask.
func siteOf(d *daemon) client.Options {
	return client.Options{URL: "http://" + d.httpListener.Addr().String()}
}

// What an admin does: looks, picks, kicks, and looks again.
func TestTopOnATerminal(t *testing.T) {
	d := startDaemon(t, nil)
	one, two := visit(t, siteOf(d)), visit(t, siteOf(d))
	victim, other := one.session(), two.session()
	p := openTerminal(t, "xterm-256color", "top", "--every", "200ms", "--socket", d.adminPath)
	p.show("both sessions", func(screen string) bool {
		return strings.Contains(screen, "sessions 2 ") && strings.Contains(screen, victim) && strings.Contains(screen, other)
	})
	p.press("/" + victim[:10] + "\r")
	p.show("only the victim", func(screen string) bool { return strings.Contains(screen, victim) && !strings.Contains(screen, other) })
	p.press("k")
	p.await("the question", func(drawn string) bool { return strings.Contains(ansi.Strip(drawn), "Kick "+victim+"?") })
	p.press("y")
	for range one.came { // until it ends
	}
	if closed, ok := errors.AsType[*client.CloseError](one.err); !ok || closed.Code != 4504 {
		t.Errorf("the kicked session ended with %v", one.err)
	}
	p.press("\x1b")
	p.show("the other alone", func(screen string) bool {
		return strings.Contains(screen, "sessions 1 ") && strings.Contains(screen, "> "+other) && !strings.Contains(screen, "  "+victim)
	})
	if err := two.conn.Send(t.Context(), map[string]any{"type": "find", "mode": "text"}); err != nil {
		t.Errorf("the other session: %v", err)
	}
	if _, err := two.wait("waiting"); err != nil {
		t.Error(err)
	}
	p.press("q")
	p.ends(exitDone)
	p.await("the end", func(drawn string) bool { return strings.Contains(drawn, ansi.ResetModeAltScreenSaveCursor) })
}

// The screen waits for a daemon that is gone, and SIGTERM ends it in order.
func TestTopWaitsForTheDaemon(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "a.sock")
	listen := func(c *config.Config) { c.Admin.Socket = socket }
	var p *terminal
	t.Run("daemon", func(sub *testing.T) {
		startDaemon(sub, listen)
		defer func() { p.t = t }()
		p = openTerminal(t, "xterm", "top", "--every", "200ms", "--socket", socket)
		p.t = sub
		p.show("the daemon", func(screen string) bool { return strings.Contains(screen, "sessions 0 ") })
	})
	p.show("that it is gone", func(screen string) bool {
		return strings.Contains(screen, "no answer for ") && strings.Contains(screen, "no joingyd answers on "+socket)
	})
	t.Run("another", func(sub *testing.T) {
		defer func() { p.t = t }()
		p.t = sub
		id := visit(sub, siteOf(startDaemon(sub, listen))).session()
		p.show("another daemon", func(screen string) bool {
			return strings.Contains(screen, "up ") && strings.Contains(screen, id) && !strings.Contains(screen, "no answer")
		})
	})
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(exitDone)
}

func TestTopRefuses(t *testing.T) {
	p := openTerminal(t, "xterm", "top", "--socket", "none.sock")
	p.ends(exitRefused)
	if drawn := p.await("the refusal", func(drawn string) bool { return strings.Contains(drawn, "no joingyd answers on none.sock") }); strings.Contains(drawn, "\x1b") {
		t.Errorf("it draws without a daemon: %q", drawn)
	}
	for _, kind := range []string{"dumb", ""} {
		p := openTerminal(t, kind, "top", "--socket", "none.sock")
		p.ends(exitUsage)
		p.await("the remedy", func(drawn string) bool {
			return strings.Contains(drawn, fmt.Sprintf("joingyd: TERM is %q", kind)) && strings.Contains(drawn, "joingyd status")
		})
	}
}

// NO_COLOR, whatever its value, leaves no colour, and the mark.
func TestTopWithoutColours(t *testing.T) {
	d := startDaemon(t, nil)
	for range 2 { // who chats is green
		if err := visit(t, siteOf(d)).conn.Send(t.Context(), map[string]any{"type": "find", "mode": "text"}); err != nil {
			t.Fatal(err)
		}
	}
	for value, coloured := range map[string]bool{"": true, "yes": false, "0": false} {
		t.Setenv("NO_COLOR", value)
		p := openTerminal(t, "xterm-256color", "top", "--socket", d.adminPath)
		p.show("the chat", func(screen string) bool { return strings.Count(screen, "chatting") == 2 })
		drawn := p.await("the screen", func(drawn string) bool { return strings.Contains(drawn, "q quit") })
		if !strings.Contains(drawn, "\x1b[7m>") || strings.Contains(drawn, string(green)) != coloured {
			t.Errorf("NO_COLOR=%q: %q", value, drawn)
		}
		p.press("q")
		p.ends(exitDone)
	}
}
