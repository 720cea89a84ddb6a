package main

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
)

// person is a user of the system who types commands in a process of their own.
type person struct {
	t       *testing.T
	program string
	uid     uint32
	groups  []uint32
}

// name is as the daemon knows them.
func (p *person) name() string {
	if u, err := user.LookupId(strconv.Itoa(int(p.uid))); err == nil {
		return u.Username
	}
	return "uid:" + strconv.Itoa(int(p.uid))
}

// types returns the exit status and what was printed.
func (p *person) types(args ...string) (int, string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.program, args...)
	cmd.Dir, cmd.Env = "/", []string{"GORACE=" + hasty}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.uid, Gid: p.uid, Groups: p.groups}}
	text, err := cmd.CombinedOutput()
	if _, is := errors.AsType[*exec.ExitError](err); err != nil && !is {
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// placeProgram puts a program where others may run it.
func placeProgram(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	data, err := os.ReadFile(from) // on another disk
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

// An emergency takes two users of the system: the kernel says who is at the socket, and
// neither can be the other. Who is not in the group reaches nothing.
func TestEmergencyTakesTwoUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be several users")
	}
	group, err := user.LookupGroupId("1")
	if err != nil {
		t.Skip(err)
	}
	open, err := os.MkdirTemp("", "joingyd-") // where others may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(open) })
	program, err := exec.LookPath("joingyd")
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	desk := filepath.Join(open, "desk") // of who asks
	key, out := filepath.Join(desk, "operator.key"), filepath.Join(desk, "b.tar")
	operator, operatorKey := keyFile(t)
	err = errors.Join(err, os.Chmod(open, 0o755), placeProgram(program, filepath.Join(open, "joingyd")), os.Mkdir(desk, 0o700),
		os.Rename(operatorKey, key), os.Chown(key, 1, 1), os.Chown(desk, 1, 1),
		os.Mkdir(filepath.Join(open, "bob"), 0o700), os.Chown(filepath.Join(open, "bob"), 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.Privacy.Recipients, c.Admin.Group, c.Admin.Socket = []string{operator}, group.Name, filepath.Join(open, adminSocketFile)
	})
	a := newCaller(t, d, "127.0.0.3")
	a.conn.Close(websocket.StatusNormalClosure, "")
	someone := func(uid uint32, groups ...uint32) *person {
		return &person{t, filepath.Join(open, "joingyd"), uid, groups}
	}
	ann, bob, eve := someone(1, 1), someone(2, 2, 1), someone(65534, 65534)
	types := func(p *person, status int, want string, args ...string) {
		t.Helper()
		if got, text := p.types(append(args, "--socket", d.adminPath)...); got != status || !strings.Contains(text, want) {
			t.Fatalf("%s: %v: %d, %s; want %d, %q", p.name(), args[:2], got, text, status, want)
		}
	}
	to := time.Now().UTC()
	for rows := 0; rows == 0; to = time.Now().UTC() { // what is to come cannot be asked for
		found, err := d.iplog.Find(iplog.Query{Address: netip.MustParseAddr("127.0.0.3")})
		if rows = len(found); err != nil {
			t.Fatal(err)
		}
	}
	ask := []string{
		"disclose", "--address", "127.0.0.3", "--from", to.Add(-time.Hour).Format(time.RFC3339Nano), "--to", to.Format(time.RFC3339Nano),
		"--authority", "Police of Example, by telephone", "--emergency", "--clear",
	}
	types(ann, exitRefused, "needs a second person", append(ask, "--identity", key, "--out", out)...)
	list := d.told.List()
	if len(list) != 1 || list[0].By != ann.name() || list[0].State != disclosure.Pending {
		t.Fatalf("%+v", list)
	}
	id := list[0].ID
	types(ann, exitUsage, "who asked cannot confirm it", "disclose", "confirm", id)
	types(eve, exitRefused, "permission denied", "disclose", "confirm", id)
	types(bob, exitDone, ann.name()+" types the same command again", "disclose", "confirm", id)
	// What one person's word was given for, another does not get.
	types(bob, exitRefused, "needs a second person", append(ask, "--out", filepath.Join(open, "bob", "b.tar"))...)
	types(ann, exitDone, "disclosure "+id+": ", append(ask, "--identity", key, "--out", out)...)
	if _, text := output(t, "disclose", "verify", out, "--text"); !strings.Contains(text, "Confirmed:  "+bob.name()+"\n") || !strings.Contains(text, "127.0.0.3:") {
		t.Errorf("%s", text)
	}
}
