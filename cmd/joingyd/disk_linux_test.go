package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// ownDisk is a file system that is mounted where only a few processes see it.
type ownDisk struct {
	t   *testing.T
	dir string // where they see it
	pid int    // of one of them
}

// mountDisk has a shell mount a file system at $1 in a mount namespace of its own,
// which ends with the test.
func mountDisk(t *testing.T, mount string, args ...string) *ownDisk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a file system")
	}
	d := &ownDisk{t: t, dir: t.TempDir()}
	holder := exec.Command("unshare", append([]string{"-m", "sh", "-c", mount + " && echo mounted && exec cat", "sh", d.dir}, args...)...)
	var problems bytes.Buffer
	holder.Stderr = &problems
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); holder.Wait() }) //nolint:errcheck // cat ends with its input
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		in.Close()
		t.Skipf("no file system can be mounted here: %v %s", holder.Wait(), &problems)
	}
	d.pid = holder.Process.Pid
	return d
}

// inside is how to start a program that sees the disk.
func (d *ownDisk) inside() []string {
	return []string{"nsenter", fmt.Sprintf("--mount=/proc/%d/ns/mnt", d.pid)}
}

// run runs a program that sees the disk.
func (d *ownDisk) run(args ...string) {
	d.t.Helper()
	line := append(d.inside(), args...)
	if out, err := exec.CommandContext(d.t.Context(), line[0], line[1:]...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v %s", args, err, out)
	}
}

// path is a file of the disk, as others can see it.
func (d *ownDisk) path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(d.pid), "root", d.dir, name)
}

// fill fills the disk with a file, to the last byte.
func (d *ownDisk) fill(name string) {
	d.t.Helper()
	file, err := os.Create(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 16; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
	}
}

// Trial S3 with a disk that is full in truth, and then is not.
func TestS3FullDisk(t *testing.T) {
	d := mountDisk(t, `mount -t tmpfs -o size=1m,mode=700 joingyd-trial "$1"`)
	book := newLedger(t)
	p := startProcess(t, d.dir, d.inside())
	chat := startChat(t, p.site)
	book.mustBan(p, "203.0.113.1")
	book.mustBan(p, "203.0.113.2")
	d.fill("ballast")
	made := 0 // the file may have room inside
	for err := error(nil); err == nil && made < 5000; made++ {
		if err = book.ban(p, fmt.Sprintf("198.18.%d.%d", made/256, made%256)); err != nil && !diskTrouble.MatchString(err.Error()) {
			t.Errorf("ban: %v", err)
		}
	}
	for ; book.command(p, fmt.Sprintf("198.18.%d.%d", made/256, made%256)); made++ {
		if made >= 5000 {
			t.Fatalf("%d bans on a full disk", made)
		}
	}
	chat.goesOn("while the disk is full")
	if err := os.Remove(d.path("ballast")); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"203.0.113.3", "203.0.113.4"} {
		if err := book.ban(p, target); err != nil { // loudly, until the daemon starts anew
			t.Logf("later: %v", err)
		}
	}
	chat.goesOn("after the disk was full")
	if err := p.stop(); err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	book.check(startProcess(t, d.dir, d.inside()))
	t.Logf("figure: full disk: false acknowledgements: %d of %d", book.broken, len(book.banned))
}

// Trial S3 with a disk that the kernel makes read-only because it found an error,
// and that is mounted anew.
func TestS3ReadOnlyDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	d := mountDisk(t, `truncate -s 16M "$2" && mkfs.ext4 -q "$2" && mount -o loop,errors=remount-ro "$2" "$1"`, file)
	var at syscall.Stat_t
	if err := syscall.Stat(d.path(""), &at); err != nil {
		t.Fatal(err)
	}
	device, err := os.Readlink(fmt.Sprintf("/sys/dev/block/%d:%d", at.Dev>>8&0xfff, at.Dev&0xff))
	if err != nil {
		t.Fatal(err)
	}
	book := newLedger(t)
	p := startProcess(t, d.dir, d.inside())
	chat := startChat(t, p.site)
	book.mustBan(p, "203.0.113.1")
	book.mustBan(p, "203.0.113.2")
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(device), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("trial"), 0o200); err != nil {
		t.Skipf("the kernel offers no way to make it find an error: %v", err)
	}
	book.mustFail(p, "203.0.113.3", "203.0.113.1")
	chat.goesOn("while the disk is read-only")
	_ = p.stop() // whether it says that it could not close the file is its own affair
	out, err := serveCommand(t, d.dir, d.inside()).CombinedOutput()
	if err == nil || !strings.Contains(string(out), filepath.Join(d.dir, banStoreFile)) || strings.Count(string(out), "\n") != 1 {
		t.Errorf("started on a read-only disk: %v, %s", err, out)
	}
	d.run("umount", d.dir)
	d.run("mount", "-o", "loop", file, d.dir)
	p = startProcess(t, d.dir, d.inside())
	book.check(p)
	book.mustBan(p, "203.0.113.4")
	t.Logf("figure: read-only disk: false acknowledgements: %d of %d", book.broken, len(book.banned))
}
