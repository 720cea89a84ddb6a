package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// faulty is a file on a disk that fails.
type faulty struct {
	appendFile
	disk *disk
}

type disk struct {
	room              int   // bytes that can be written
	writeErr          error // when there is no more room
	syncErr, truncErr error
	syncs             int
	hold              chan struct{} // what a sync waits for, if not nil
	opened            int
	openErr           error
}

func (f *faulty) Write(p []byte) (int, error) {
	if len(p) > f.disk.room {
		n, err := f.appendFile.Write(p[:f.disk.room])
		return n, errors.Join(err, f.disk.writeErr)
	}
	return f.appendFile.Write(p)
}

func (f *faulty) Sync() error {
	f.disk.syncs++
	if f.disk.hold != nil {
		<-f.disk.hold
	}
	return f.disk.syncErr
}

func (f *faulty) Truncate(size int64) error {
	if f.disk.truncErr != nil {
		return f.disk.truncErr
	}
	return f.appendFile.Truncate(size)
}

const room = 1 << 20

// onDisk returns a log whose files are on the disk.
func onDisk(t *testing.T, d *disk) (*Log, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.open = func(path string) (appendFile, error) {
		if d.openErr != nil {
			return nil, d.openErr
		}
		d.opened++
		f, err := openAppend(path)
		return &faulty{f, d}, err
	}
	return l, dir
}

func record(on string) Record { return Record{By: "root", Did: "test", On: on} }

func mustVerify(t *testing.T, dir string, want uint64) {
	t.Helper()
	report, err := Verify(dir, nil)
	if err = errors.Join(err, report.Err()); err != nil || report.Entries != want || report.Torn != 0 {
		t.Errorf("%d entries, %d torn bytes, %v, want %d", report.Entries, report.Torn, err, want)
	}
}

func TestAFullDiskLeavesTheChainSound(t *testing.T) {
	d := &disk{room: room, writeErr: syscall.ENOSPC}
	l, dir := onDisk(t, d)
	for i := range 20 { // what fits grows over more than one line
		if _, err := l.Append(record(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
		d.room = i * 11
		if e, err := l.Append(record("lost")); !errors.Is(err, syscall.ENOSPC) || e.Seq != 0 {
			t.Errorf("%d bytes fit: %+v, %v", d.room, e, err)
		}
		d.room = room
		mustVerify(t, dir, uint64(i+1))
	}
}

func TestWhatCannotBeTakenBackIsTakenBackLater(t *testing.T) {
	broken := errors.New("broken")
	for name, fail := range map[string]func(*disk){
		"write": func(d *disk) { d.room, d.writeErr = 50, broken },
		"sync":  func(d *disk) { d.syncErr = broken },
	} {
		d := &disk{room: room}
		l, dir := onDisk(t, d)
		if _, err := l.Append(record("1")); err != nil {
			t.Fatal(err)
		}
		fail(d)
		d.truncErr = broken
		for range 2 {
			if _, err := l.Append(record("lost")); !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		*d = disk{room: room}
		if e, err := l.Append(record("2")); err != nil || e.Seq != 2 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		mustVerify(t, dir, 2)
	}
}

func TestTheFirstFileMayNotOpen(t *testing.T) {
	d := &disk{room: room, openErr: syscall.EMFILE}
	l, dir := onDisk(t, d)
	if _, err := l.Append(record("lost")); !errors.Is(err, syscall.EMFILE) {
		t.Error(err)
	}
	d.openErr = nil
	if _, err := l.Append(record("1")); err != nil {
		t.Error(err)
	}
	mustVerify(t, dir, 1)
}

func TestARepairThatCannotBeRecordedIsRecordedLater(t *testing.T) {
	d := &disk{room: room}
	l, dir := onDisk(t, d)
	if _, err := l.Append(record("1")); err != nil {
		t.Fatal(err)
	}
	l.owed = []Record{{By: Rule("audit"), Did: didRepaired}}
	d.room, d.writeErr = 0, syscall.ENOSPC
	if _, err := l.Append(record("lost")); err == nil {
		t.Error("no error")
	}
	d.room = room
	for want := uint64(3); want < 5; want++ {
		if e, err := l.Append(record("2")); err != nil || e.Seq != want || e.On != "2" {
			t.Errorf("%+v, %v, want %d", e, err, want)
		}
	}
	mustVerify(t, dir, 4)
}

func TestAppendsShareASync(t *testing.T) {
	d := &disk{room: room, hold: make(chan struct{})}
	l, dir := onDisk(t, d)
	const others = 50
	var wait sync.WaitGroup
	seen := make([]bool, others+2)
	var mu sync.Mutex
	add := func() {
		e, err := l.Append(record("x"))
		mu.Lock()
		defer mu.Unlock()
		if err != nil || seen[e.Seq] {
			t.Errorf("%+v, %v", e, err)
		}
		seen[e.Seq] = true
	}
	queued := func() int {
		l.queue.mu.Lock()
		defer l.queue.mu.Unlock()
		return len(l.queue.waiting)
	}
	wait.Go(add)
	d.hold <- struct{}{} // the first sync has begun, and ends; the next writer waits in its own
	wait.Wait()
	wait.Go(add)
	for l.write.TryLock() { // until the second writes
		l.write.Unlock()
		runtime.Gosched()
	}
	for range others - 1 {
		wait.Go(add)
	}
	for queued() < others-1 && !t.Failed() {
		runtime.Gosched()
	}
	close(d.hold)
	wait.Wait()
	if d.syncs > 4 {
		t.Errorf("%d entries took %d syncs", others+1, d.syncs)
	}
	mustVerify(t, dir, others+1)
}

// The reader meets what it is given. Whatever that is, each byte belongs to a line,
// what it takes for entries has the hash of its bytes, and a log of them can be
// opened and goes on.
func FuzzLines(f *testing.F) {
	dir := f.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, on := range []string{"1", "2"} {
		if _, err := l.Append(record(on)); err != nil {
			f.Fatal(err)
		}
	}
	text, err := os.ReadFile(l.dir.Path(l.month.file()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)-1])
	f.Add(bytes.Replace(text, []byte(`"1"`), []byte(`"3"`), 1))
	f.Add([]byte("\n\n{}\r\n" + strings.Repeat("x", 300)))
	// An entry whose hash is right, whatever is in it.
	for _, body := range []string{`{"seq":0`, `{"seq":1,"SEQ":2`, `{"seq":18446744073709551615,"prev":"` + strings.Repeat("0", 64) + `"`, `{"at":"x"`} {
		e := Entry{}
		line, _ := e.appendTo(nil)
		cut := bytes.Index(line, []byte(sealOpen))
		f.Add(append([]byte(body), line[cut:]...))
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	name := l.month.file()
	f.Fuzz(func(t *testing.T, text []byte) {
		var size int64
		for line, err := range lines(bytes.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			if line.why == "" {
				raw := text[size : size+line.size-1]
				if again, why := parse(raw); why != "" || again.Hash != line.entry.Hash || bytes.ContainsRune(raw, '\n') {
					t.Fatalf("line %d is %+v, then %+v, %s", line.number, line.entry, again, why)
				}
			}
			if size += line.size; line.torn != (size == int64(len(text)) && text[size-1] != '\n') {
				t.Fatalf("line %d: torn is %v", line.number, line.torn)
			}
		}
		if size != int64(len(text)) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := Verify(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if (l.Damage() != nil) != (before.Break != nil) && before.Entries == 0 {
			t.Fatalf("Open says %v, Verify %v", l.Damage(), before.Break)
		}
		e, err := l.Append(record("new"))
		if err != nil {
			t.Fatal(err)
		}
		after, err := Verify(dir, nil)
		if err != nil || after.Torn != 0 || (after.Break == nil) != (before.Break == nil) {
			t.Fatalf("%+v, %v, before %+v", after, err, before)
		}
		if after.Break == nil && after.Head.Hash != e.Hash {
			t.Fatalf("the head is %+v, want %+v", after.Head, e)
		}
	})
}
