package disclosure_test

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/disclosure"
)

var key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// complete returns a bundle, and its archive.
func complete(tb testing.TB) (*disclosure.Bundle, []byte) {
	tb.Helper()
	a := order()
	a.Include = disclosure.Parts()
	b, err := disclosure.Prepare(disclosure.Manifest{
		ID: "k7m2x4q6", Kind: a.Kind(), Asked: a, AskedBy: "ann", Made: now, Key: fmt.Sprintf("%x", key[32:]), Notes: []string{"Times are in UTC."},
		Rows:    []disclosure.Row{{At: now, Address: netip.MustParseAddrPort("203.0.113.7:40000"), Session: session, Event: "matched", Pair: "p", Source: "IP log"}},
		Bans:    []disclosure.Ban{{ID: "5gq2m7xd", Reason: "No \x1b[31m.", Made: now, Source: "bans"}},
		Reports: []disclosure.Report{{Case: "a4n7x2qm", Reason: "spam", At: now, State: "decided", Decided: "ban", Source: "cases"}},
	})
	if err == nil {
		err = b.Complete(disclosure.Sign(key, b.Manifest.ID, b.Digest()))
	}
	if err != nil {
		tb.Fatal(err)
	}
	data, err := b.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b, data
}

func TestBundle(t *testing.T) {
	b, data := complete(t)
	got, err := disclosure.Parse(data)
	if err != nil || !reflect.DeepEqual(got, b) {
		t.Fatalf("%v: %+v, want %+v", err, got, b)
	}
	for _, want := range []string{"To:         Police of Example\n", "203.0.113.7:40000  session " + session + "  matched in chat p  (IP log)\n", `permanent: "No \x1b[31m."`, "spam in case a4n7x2qm, decided: ban"} {
		if !strings.Contains(got.Text(), want) {
			t.Errorf("%q is missing of\n%s", want, got.Text())
		}
	}
	if err := b.Complete(disclosure.Sign(key, "another", b.Digest())); !errors.Is(err, disclosure.ErrChanged) {
		t.Errorf("the signature of another disclosure: %v", err)
	}
	if _, err := disclosure.Prepare(disclosure.Manifest{Rows: make([]disclosure.Row, disclosure.MaxRows+1)}); err == nil {
		t.Error("a bundle without bound")
	}
}

// Whatever is cut off or changed is noticed.
func TestHostileBundles(t *testing.T) {
	_, data := complete(t)
	for n := 0; n < len(data); n += 61 {
		if _, err := disclosure.Parse(data[:n]); err == nil {
			t.Fatalf("%d of %d bytes pass", n, len(data))
		}
	}
	if _, err := disclosure.Parse(data[:len(data)-1000]); !errors.Is(err, disclosure.ErrCut) {
		t.Errorf("without its end: %v", err)
	}
	for n := 0; n < len(data); n += 31 { // headers, contents and padding: each has several
		changed := bytes.Clone(data)
		changed[n] ^= 1
		if _, err := disclosure.Parse(changed); err == nil {
			t.Fatalf("byte %d can be changed", n)
		}
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":     {nil, disclosure.ErrNoBundle},
		"a text":      {[]byte(strings.Repeat("no tar ", 1000)), disclosure.ErrNoBundle},
		"too large":   {make([]byte, disclosure.MaxBundle+1), disclosure.ErrNoBundle},
		"more":        {append(bytes.Clone(data), make([]byte, 512)...), disclosure.ErrChanged},
		"a new text":  {rewritten(t, data, "disclosure.txt", "Nobody.\n"), disclosure.ErrChanged},
		"another row": {rewritten(t, data, "manifest.json", "{}"), disclosure.ErrChanged},
		"newer":       {rewritten(t, data, "manifest.json", `{"version":2,"new":1}`), disclosure.ErrNewer},
		"other key":   {rewritten(t, data, "key.pem", "none"), disclosure.ErrChanged},
	} {
		if _, err := disclosure.Parse(test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// rewritten returns an archive with another file in it.
func rewritten(t *testing.T, data []byte, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	r, w := tar.NewReader(bytes.NewReader(data)), tar.NewWriter(&out)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == name {
			content, header.Size = []byte(text), int64(len(text))
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What Parse takes is what Marshal writes, byte for byte.
func FuzzParse(f *testing.F) {
	_, data := complete(f)
	f.Add(data)
	f.Add(data[:1500])
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := disclosure.Parse(data)
		if err != nil {
			return
		}
		again, err := b.Marshal()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v: it is written in another way", err)
		}
	})
}
