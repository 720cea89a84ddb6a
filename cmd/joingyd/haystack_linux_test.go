package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/config"
)

// haystack is a daemon with secrets that this test knows, the secrets, and every
// place where they could turn up.
type haystack struct {
	*process
	t       *testing.T
	needles []needle
	places  map[string][]byte
}

// secretFile makes a file of 32 bytes in hexadecimal, and a needle of them.
func (h *haystack) secretFile(path string) string {
	h.t.Helper()
	raw := []byte(fmt.Sprintf("%s of trial O2 %032d", filepath.Base(path), 0))[:config.SecretSize]
	return h.file(path, fmt.Sprintf("%x\n", raw), secretBytes(filepath.Base(path), raw))
}

func (h *haystack) file(path, content string, n needle) string {
	h.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.needles = append(h.needles, n)
	if !n.in([]byte(content)) {
		h.t.Errorf("the search does not find %s in its own file", n.name)
	}
	return path
}

// credentials notes a session's secrets.
func (h *haystack) credentials(w client.Welcome) {
	server := w.ICE.Servers[0]
	h.needles = append(h.needles, secretText("resume token", w.Resume))
	h.password(server.Username, server.Credential)
}

func (h *haystack) password(user, password string) {
	key := md5.Sum([]byte(user + ":joingyd:" + password))
	h.needles = append(h.needles, secretText("TURN password", password), secretBytes("TURN key", key[:]))
}

// allocate asks the relay for an allocation.
func (h *haystack) allocate(user, password string) error {
	h.t.Helper()
	return allocateAt(h.t, h.listens("stun/turn udp"), user, password)
}

// keep adds what somebody was answered to the places.
func (h *haystack) keep(name string, parts ...string) {
	h.places[name] = append(h.places[name], strings.Join(parts, "\n")...)
}

// get fetches from the site or the metrics, from an address.
func (h *haystack) get(name, from, url string, header http.Header) {
	h.t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	h.fetch(name, &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}, http.MethodGet, url, "", header)
}

// ask sends a request to the control socket.
func (h *haystack) ask(method, path, body string) {
	h.t.Helper()
	h.fetch("answers of the control API", &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", h.socket)
		},
		DisableKeepAlives: true,
	}, method, "http://joingyd"+path, body, nil)
}

func (h *haystack) fetch(name string, transport *http.Transport, method, url, body string, header http.Header) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header = header
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keep(name, fmt.Sprint(response.Header), string(answer))
}

func (h *haystack) read(name, path string) {
	h.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.places[name] = append(h.places[name], content...)
}

// bundle is what joingyd doctor puts into one, of the running daemon.
func (h *haystack) bundle() (content []byte) {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "doctor.tar.gz")
	if _, _, stderr := h.command("doctor", "--bundle", path); !strings.Contains(stderr, path) {
		h.t.Fatal(stderr)
	}
	return unpackBundle(h.t, path)
}

// sift reports what turned up, and returns how much.
func (h *haystack) sift() (hits int) {
	h.t.Helper()
	for name, place := range h.places {
		if len(place) == 0 {
			h.t.Errorf("%s is empty", name)
		}
		for _, n := range h.needles {
			if n.in(place) {
				hits++
				h.t.Errorf("%s is in: %s%s", n.name, name, around(place, n))
			}
		}
	}
	kept := secretPrefix("198.51.100.5/32")
	if !kept.in(h.places["store"]) || !kept.in(h.places["answers of the control API"]) {
		h.t.Error("the search does not find an address that was to be kept")
	}
	bundle := h.places["support bundle"]
	if kept.in(bundle) || !bytes.Contains(bundle, []byte("ban added")) || !bytes.Contains(bundle, []byte("joingyd_bans_active")) || !bytes.Contains(bundle, []byte("goroutine profile")) {
		h.t.Errorf("the support bundle has a whole address in it, or too little: %s", bundle)
	}
	if !bytes.Contains(h.places["log"], []byte("ban added")) {
		h.t.Errorf("the log is not the daemon's: %s", h.places["log"])
	}
	return hits
}

// around is the line of a text with the needle.
func around(place []byte, n needle) string {
	for line := range bytes.Lines(place) {
		if n.in(line) && len(line) < 500 {
			return fmt.Sprintf(": %q", line)
		}
	}
	return ""
}
