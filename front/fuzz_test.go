package front_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/joingyd/joingyd/front"
)

// Whatever a client sends, it is closed or reaches one service whole and
// unchanged; and no STUN message reaches HTTP, no request the relay.
func FuzzNothingIsLost(f *testing.F) {
	for _, seed := range []string{get, binding, "", "\x03", "\x04", "@", "A", "Z", "[", "a", "z", "{", "\x16\x03\x01", "\xff", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		listener := newMemory()
		s, end := start(t, listener, front.Options{HandshakeTimeout: time.Minute})
		defer end()
		got := make(chan arrived, 1)
		go read("http", s.HTTP(), got)
		go read("turn", s.TURN(), got)
		client := listener.dial("127.0.0.1:1")
		client.Write(sent) //nolint:errcheck // it may be refused
		client.Close()

		letter := len(sent) > 0 && bytes.ContainsAny(sent[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
		stun := len(sent) > 0 && sent[0] < 4
		if !letter && !stun {
			if _, err := client.Read(make([]byte, 1)); err == nil || err == io.EOF && len(got) > 0 {
				t.Errorf("%q was served", sent)
			}
			return
		}
		a := <-got
		if a.text != string(sent) {
			t.Errorf("sent %q, the service got %q", sent, a.text)
		}
		if (a.service == "turn") != stun {
			t.Errorf("%q went to %s", sent, a.service)
		}
	})
}
