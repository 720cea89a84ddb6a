package match

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// newWires returns a wire and the other end of its connection.
func newWires(early string) (*wire, net.Conn) {
	here, there := net.Pipe()
	w := new(wire)
	w.takeOver(here, []byte(early))
	return w, there
}

// writes is a connection that notes what it is given at once.
type writes struct {
	net.Conn
	each []string
}

func (c *writes) Write(data []byte) (int, error) {
	c.each = append(c.each, string(data))
	return len(data), nil
}

func TestWireWritesAtOnceWhatWasHeld(t *testing.T) {
	w, _ := newWires("")
	noted := &writes{Conn: w.Conn}
	w.Conn = noted
	long := strings.Repeat("c", smallBuffer)
	w.hold()
	for _, text := range []string{"a", "b", long} {
		io.WriteString(w, text) //nolint:errcheck // it is noted
	}
	if len(noted.each) != 0 {
		t.Errorf("%.40q written while held", noted.each)
	}
	w.release()
	io.WriteString(w, "d") //nolint:errcheck // as above
	if len(noted.each) != 2 || noted.each[0] != "ab"+long || noted.each[1] != "d" {
		t.Errorf("%.40q", noted.each)
	}
}

func TestWireKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, there := newWires("")
		var writing sync.WaitGroup
		for _, text := range []string{"first ", "second ", "third "} {
			writing.Go(func() { io.WriteString(w, text) }) //nolint:errcheck // it is read
			synctest.Wait()                                // the first waits for its reader, and the others for nothing
		}
		// To close waits until everything was written.
		writing.Go(func() { w.Close() })
		got, err := io.ReadAll(there)
		if err != nil || string(got) != "first second third " {
			t.Errorf("%q, %v", got, err)
		}
		writing.Wait()
	})
}

func TestWireIsCutWhereNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, there := newWires("")
		if _, err := io.WriteString(w, "x"); err == nil {
			t.Error("it was written")
		}
		if _, err := io.WriteString(w, "x"); err == nil {
			t.Error("it was written after an error")
		}
		if _, err := there.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%v, want the end", err)
		}

		w, _ = newWires("")
		w.hold()
		io.WriteString(w, "x") //nolint:errcheck // nobody reads it
		if err := w.Close(); err != nil || w.out != nil {
			t.Errorf("%v, %v is left", err, w.out)
		}
		if _, err := io.WriteString(w, "x"); !errors.Is(err, w.err) || w.err == nil {
			t.Errorf("%v after the end", err)
		}
	})
}

func TestWireReadsWhatCameEarly(t *testing.T) {
	w, there := newWires("early ")
	go func() {
		io.WriteString(there, "and late") //nolint:errcheck // it is read
		there.Close()
	}()
	got, err := io.ReadAll(io.LimitReader(w, 14))
	if err != nil || string(got) != "early and late" || w.early != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFreedBufferIsZeroed(t *testing.T) {
	zeroed := func(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }
	b := newBuffer(100)
	b.b = append(b.b, "secret"...)
	held := b.b
	larger := b.room(5000)
	if !zeroed(held) || string(larger.b) != "secret" {
		t.Errorf("%q is left, %q went on", held, larger.b)
	}
	held = larger.b
	larger.free()
	if !zeroed(held) {
		t.Errorf("%q is left", held)
	}
	text := strings.Repeat("secret ", 10_000)
	if all, err := readAll(strings.NewReader(text)); err != nil || string(all.b) != text {
		t.Errorf("%d bytes, %v", len(all.b), err)
	}
}
