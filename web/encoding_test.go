package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestAcceptEncoding(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"gzip, deflate, br, zstd"}, true},
		{[]string{"br", "gzip;q=0.5"}, true},
		{[]string{"br;q=1.0, gzip;q=0.001"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip ; q=0.000"}, false},
		{[]string{"gzip;Q=1"}, true},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"*;q=0, gzip"}, true},
		{[]string{"identity"}, false},
		{[]string{"identity, gzip"}, true},
		{[]string{"identity;q=0.9, gzip;q=0.8"}, false},
		{[]string{"identity;q=0"}, false},
		{[]string{"deflate, br"}, false},
		{[]string{"gzip;q=2"}, false},
		{[]string{"gzip;q=1.001"}, false},
		{[]string{"gzip;q=0.1234"}, false},
		{[]string{"gzip;q=-1", "gzip;q=x", "gzip;level=9"}, false},
		{[]string{"gzip;q=x, *;q=1"}, true}, // a malformed word on gzip is none
		{[]string{"gzip;q=0, gzip"}, false},
		{[]string{"gzipped, xgzip"}, false},
	} {
		if got := parseAcceptEncoding(test.lines).gzip(); got != test.want {
			t.Errorf("%q: gzip %v, want %v", test.lines, got, test.want)
		}
	}
}

// What was understood of a header says the same when it is written out.
func FuzzAcceptEncoding(f *testing.F) {
	for _, line := range []string{"gzip, deflate, br;q=0.5", "*;q=0", "gzip;q=0.001,identity;q=1.000", "x-gzip ; Q=1", ";q=1", "a;q=0.5;q=1", "gzip;q=1."} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got := parseAcceptEncoding([]string{line})
		var written []string
		for coding, weight := range got {
			if weight < 0 || weight > 1000 || coding == "" {
				t.Fatalf("%q: %q is worth %d", line, coding, weight)
			}
			written = append(written, fmt.Sprintf("%s;q=%d.%03d", coding, weight/1000, weight%1000))
		}
		if again := parseAcceptEncoding([]string{strings.Join(written, ",")}); !maps.Equal(got, again) {
			t.Errorf("%q is %v, and written out %v", line, got, again)
		}
		if lower := strings.ToLower(line); got.gzip() && !strings.Contains(lower, "gzip") && !strings.Contains(lower, "*") {
			t.Errorf("%q gets gzip", line)
		}
	})
}

func TestCompression(t *testing.T) {
	site, err := New(Options{Policy: "1"})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(method, target string, header ...string) *http.Response {
		r := httptest.NewRequest(method, target, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Result()
	}
	read := func(resp *http.Response) []byte {
		t.Helper()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for target, status := range map[string]int{"/": 200, "/privacy": 200, "/static/site.css": 200, "/static/js/page.js": 200, "/static/logo.svg": 200, "/none": 404} {
		plain, small := answer("GET", target), answer("GET", target, "Accept-Encoding", "gzip")
		plainBody, smallBody := read(plain), read(small)
		unpacked, err := gzip.NewReader(bytes.NewReader(smallBody))
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if whole, err := io.ReadAll(unpacked); err != nil || !bytes.Equal(whole, plainBody) {
			t.Errorf("%s: gzip unpacks to %d bytes, %v; want %d", target, len(whole), err, len(plainBody))
		}
		if len(smallBody) >= len(plainBody) {
			t.Errorf("%s: %d bytes in gzip, %d without", target, len(smallBody), len(plainBody))
		}
		if got := small.Header.Get("Content-Encoding"); got != "gzip" || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: Content-Encoding %q, and %q without", target, got, plain.Header.Get("Content-Encoding"))
		}
		for name, resp := range map[string]*http.Response{"plain": plain, "gzip": small} {
			if resp.StatusCode != status || !slices.Contains(resp.Header.Values("Vary"), "Accept-Encoding") || resp.Header.Get("Accept-Ranges") != "none" {
				t.Errorf("%s %s: status %d, headers %v", target, name, resp.StatusCode, resp.Header)
			}
		}
		if status != 200 {
			continue
		}
		if a, b := plain.Header.Get("ETag"), small.Header.Get("ETag"); a == b || strings.HasPrefix(a, "W/") || strings.HasPrefix(b, "W/") {
			t.Errorf("%s: ETags %s and %s, want two strong ones", target, a, b)
		}
		etag := small.Header.Get("ETag")
		for _, test := range []struct {
			tags, encoding string
			status         int
		}{{etag, "gzip", 304}, {`"x", W/` + etag, "gzip", 304}, {"*", "gzip", 304}, {etag, "identity", 200}, {`"x"`, "gzip", 200}} {
			resp := answer("GET", target, "If-None-Match", test.tags, "Accept-Encoding", test.encoding)
			if resp.StatusCode != test.status || !slices.Contains(resp.Header.Values("Vary"), "Accept-Encoding") || resp.Header.Get("Cache-Control") == "" {
				t.Errorf("%s, If-None-Match %s, %s: status %d, want %d; headers %v", target, test.tags, test.encoding, resp.StatusCode, test.status, resp.Header)
			}
		}
		head := answer("HEAD", target, "Accept-Encoding", "gzip")
		if len(read(head)) != 0 || head.ContentLength != int64(len(smallBody)) || head.Header.Get("ETag") != etag || head.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: HEAD says %d bytes, want %d; headers %v", target, head.ContentLength, len(smallBody), head.Header)
		}
		part := answer("GET", target, "Range", "bytes=0-9", "Accept-Encoding", "gzip")
		if part.StatusCode != 200 || !bytes.Equal(read(part), smallBody) {
			t.Errorf("%s: a range gets status %d", target, part.StatusCode)
		}
	}
}
