package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/config"
)

// live lets visitors come, talk, resume, call, and try what they may not.
func (h *haystack) live() {
	t := h.t
	talk := startChat(t, h.site)
	talk.goesOn("hello")
	talk.a.send(map[string]any{"type": "nonsense"})
	talk.a.expect("error")
	h.credentials(talk.a.conn.Welcome())
	h.credentials(talk.b.conn.Welcome())
	c, err := client.Dial(t.Context(), client.Options{URL: h.site})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	first := c.Welcome()
	h.credentials(first)
	if same, err := c.Resume(t.Context()); err != nil || !same {
		t.Fatalf("resumed: %v, %v", same, err)
	}
	h.credentials(c.Welcome())
	// A token used twice, in a URL and in a cookie; credentials that are right and wrong.
	again, err := client.Dial(t.Context(), client.Options{URL: h.site, ResumeToken: first.Resume})
	if err != nil {
		t.Fatal(err)
	}
	defer again.CloseNow()
	h.credentials(again.Welcome())
	h.get("answers of the site", "127.0.0.1", h.site+"/ws?resume="+first.Resume, http.Header{"Cookie": {"resume=" + first.Resume}})
	h.get("answers of the site", "127.0.0.1", h.site+"/nothing/"+first.Resume, nil)
	if _, err := client.Dial(t.Context(), client.Options{URL: h.site, Header: http.Header{"Origin": {"https://elsewhere.test"}}}); err == nil {
		t.Error("a foreign origin is let in")
	}
	server := first.ICE.Servers[0]
	if err := h.allocate(server.Username, server.Credential); err != nil {
		t.Errorf("allocate: %v", err)
	}
	h.password(server.Username, "a wrong password of trial O2")
	if err := h.allocate(server.Username, "a wrong password of trial O2"); err == nil {
		t.Error("a wrong password is let in")
	}
}

// bans bans addresses that the store hashes, a visitor's among them, who tries
// again, and asks for what cannot be.
func (h *haystack) bans() {
	t := h.t
	const visitors = "127.0.0.9"
	v := visit(t, client.Options{URL: h.site, LocalAddr: netip.MustParseAddr(visitors)})
	for _, args := range [][]string{
		{"ban", "203.0.113.77", "--reason", "testing"}, {"ban", "2001:db8:77:77::1", "--permanent"}, {"ban", "2001:db8:78::1234/128"},
		{"ban", "--session", v.conn.Welcome().Session, "--force"}, {"ban", "198.51.100.5", "--keep-address"}, {"unban", "2001:db8:78::1234/128"},
	} {
		// What is printed may name the address: who typed it reads it.
		if status, stdout, stderr := h.command(args...); status != exitDone {
			t.Fatalf("%s: status %d, %s%s", args, status, stdout, stderr)
		}
	}
	v.expect("banned")
	for _, prefix := range []string{"203.0.113.77/32", "2001:db8:77:77::/64", "2001:db8:78::1234/128", visitors + "/32"} {
		h.needles = append(h.needles, secretPrefix(prefix))
	}
	_, err := client.Dial(t.Context(), client.Options{URL: h.site, LocalAddr: netip.MustParseAddr(visitors)})
	if _, is := errors.AsType[*client.BannedError](err); !is {
		t.Errorf("the banned visitor came back: %v", err)
	}
	h.get("answers of the site", visitors, h.site+"/api/ban", nil)
	for _, name := range []string{"http", "https", "stun/turn tcp"} {
		h.misbehave(visitors, h.listens(name))
	}
	for _, args := range [][]string{{"ban", "nonsense"}, {"unban", "198.51.100.99"}, {"kick", "ngdgw7kcjvbq4p2i5wd3kgu2ra"}} {
		if status, stdout, stderr := h.command(args...); status == exitDone {
			t.Errorf("%s is done", args)
		} else {
			h.keep("output of the command line", stdout, stderr)
		}
	}
	for _, args := range [][]string{{"bans", "list"}, {"bans", "list", "-o", "json"}, {"status"}, {"relay", "list"}} {
		_, stdout, stderr := h.command(args...)
		h.keep("output of the command line", stdout, stderr)
	}
}

// misbehave says hello in a TLS that is refused, or to who expects none.
func (h *haystack) misbehave(from, at string) {
	h.t.Helper()
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", at)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	old := tls.Client(conn, &tls.Config{ServerName: "elsewhere.test", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	conn.SetDeadline(time.Now().Add(time.Second)) //nolint:errcheck // nobody need answer
	if err := old.Handshake(); err == nil {
		h.t.Errorf("%s speaks TLS 1.1", at)
	}
}

// collect looks at every place while the daemon runs, ends it, and looks again.
func (h *haystack) collect() {
	h.t.Helper()
	for _, path := range []string{"/v1/status", "/v1/bans", "/v1/bans/check?address=198.51.100.99", "/v1/relay", "/v1/nothing", "/v1/bans/check?address=nonsense"} {
		h.ask(http.MethodGet, path, "")
	}
	h.ask(http.MethodPost, "/v1/bans", `{"target":`)
	h.get("/metrics", "127.0.0.1", "http://"+h.listens("metrics")+"/metrics", nil)
	h.get("profiles", "127.0.0.1", "http://"+h.listens("metrics")+"/debug/pprof/", nil)
	for _, profile := range []string{"goroutine?debug=2", "heap?debug=1", "cmdline"} {
		h.ask(http.MethodGet, "/debug/pprof/"+profile, "")
	}
	h.places["support bundle"] = h.bundle()
	pid := strconv.Itoa(h.cmd.Process.Pid)
	for name, file := range map[string]string{"arguments": "cmdline", "environment": "environ"} {
		h.read(name, filepath.Join("/proc", pid, file))
	}
	h.read("store", filepath.Join(h.dir, banStoreFile))
	if err := h.stop(); err != nil {
		h.t.Error(err)
	}
	h.read("store", filepath.Join(h.dir, banStoreFile))
	h.places["log"] = h.logged()
	h.keep("ready line", h.ready)
}

// Trial O2: keys, passwords, tokens and the addresses of hashed bans, looked for in
// everything that a daemon at debug level writes and answers.
func TestO2Secrets(t *testing.T) {
	hits, places, needles := 0, 0, 0
	for _, mode := range []string{"masked", "open"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			h := &haystack{t: t, places: map[string][]byte{}}
			h.secretFile(filepath.Join(dir, banKeyFile))
			h.secretFile(filepath.Join(dir, "turn.secret"))
			args := []string{"--log-level", "debug", "--log-format", "text", "--tls-listen", "127.0.0.1:0", "--tls-cert-file", testCertificate, "--tls-key-file", testCertificate}
			const shared, static = "a secret of trial O2 that is shared with a back end", "a static password of trial O2"
			if mode == "open" {
				args = append(args, "--log-format", "json", "--turn-relay", "open", "--turn-relay-addresses", "127.0.0.1",
					"--turn-users-file", h.file(filepath.Join(dir, "users"), "alice:"+static+"\n", secretText("static password", static)),
					"--turn-secret-files", h.file(filepath.Join(dir, "shared"), shared+"\n", secretText("shared secret", shared)))
			}
			h.process = startProcess(t, dir, nil, args...)
			h.live()
			if mode == "open" {
				user := fmt.Sprintf("%d:bob", time.Now().Add(time.Hour).Unix())
				mac := hmac.New(sha1.New, []byte(shared))
				mac.Write([]byte(user))
				for user, password := range map[string]string{"alice": static, user: base64.StdEncoding.EncodeToString(mac.Sum(nil))} {
					h.password(user, password)
					if err := h.allocate(user, password); err != nil {
						t.Errorf("allocate as %s: %v", user, err)
					}
				}
			}
			h.bans()
			h.collect()
			hits += h.sift()
			places += len(h.places)
			needles += len(h.needles)
		})
	}
	for _, addresses := range []string{config.AddressesTruncated, config.AddressesFull} {
		t.Run("self-signed, "+addresses, func(t *testing.T) { // which is net/http's own TLS, with its own log
			const visitors = "127.0.0.9"
			p := startProcess(t, t.TempDir(), nil, "--log-level", "debug", "--tls-self-signed", "--log-addresses", addresses)
			if status, _, stderr := p.command("ban", visitors, "--force"); status != exitDone {
				t.Fatal(stderr)
			}
			h := &haystack{process: p, t: t}
			h.misbehave(visitors, p.listens("https"))
			if status, _, stderr := p.command("unban", visitors); status != exitDone { // says in the log who did it
				t.Fatal(stderr)
			}
			bundled := h.bundle()
			if bytes.Contains(bundled, []byte("by="+userName()+" ")) || !bytes.Contains(bundled, []byte(`by="(left out)"`)) {
				t.Errorf("the bundle says who unbanned: %s", bundled)
			}
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			n := secretPrefix(visitors + "/32")
			switch whole := n.in(p.logged()); {
			case addresses == config.AddressesFull:
				if n.in(bundled) || !bytes.Contains(bundled, []byte("127.0.0.0/24")) {
					t.Errorf("the bundle has the log with whole addresses, or not at all: %s", bundled)
				}
				if !whole {
					t.Errorf("%s is not in a log with full addresses: %s", n.name, p.logged())
				}
				return
			case whole:
				hits++
				t.Errorf("%s is in: log%s", n.name, around(p.logged(), n))
			case !bytes.Contains(p.logged(), []byte("127.0.0.0/24")):
				t.Errorf("the log does not tell of a fault from 127.0.0.0/24: %s", p.logged())
			}
			needles, places = needles+1, places+1
		})
	}
	t.Logf("figure: hits: %d of %d secrets in %d places", hits, needles, places)
}
