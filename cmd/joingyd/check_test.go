package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/config"
)

// typeIn runs a command line in this process.
func typeIn(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = execute(t.Context(), newRootCommand(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestCheckCommand(t *testing.T) {
	d := startDaemon(t, nil)
	host := d.httpListener.Addr().String()
	status, stdout, stderr := typeIn(t, "check", host, "--timeout", "30s")
	if status != exitDone || stderr != "" {
		t.Fatalf("exit status %d\n%s%s", status, stdout, stderr)
	}
	for _, line := range []string{"ok       websocket ", "ok       relay udp-udp ", "ok       relay udp-tcp ", "ok       relay tcp-tcp ", "skipped  tls ", "\nhttp://" + host + " works from here.\n"} {
		if !strings.Contains(stdout, line) {
			t.Errorf("%q is not in\n%s", line, stdout)
		}
	}
}

func TestCheckCommandWithWarnings(t *testing.T) {
	d := startDaemon(t, func(c *config.Config) {
		c.TURN.Transports = []string{"tcp"}
		c.HTTP.TLSSelfSigned = true
	})
	status, stdout, stderr := typeIn(t, "check", d.httpListener.Addr().String(), "--timeout", "30s")
	if status != exitDone || stderr != "" {
		t.Fatalf("exit status %d\n%s%s", status, stdout, stderr)
	}
	if !strings.Contains(stdout, "\nWhat to do:\n- tls: Visitors must click through") || !strings.Contains(stdout, "\n- stun udp: Add udp to turn.transports") {
		t.Error(stdout)
	}
}

func TestCheckCommandFails(t *testing.T) {
	d := startDaemon(t, nil)
	client, err := admin.Connect(t.Context(), d.adminPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Ban(t.Context(), admin.BanRequest{Target: "127.0.0.1", Reason: "testing", Force: true}); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := typeIn(t, "check", "http://"+d.httpListener.Addr().String(), "-o", "json", "--timeout", "30s")
	if status != exitRefused || !strings.Contains(stderr, ": 1 of ") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	var report check.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	failed := withStatus(report, check.Failed)
	if report.OK || len(failed) != 1 || failed[0].Name != "websocket" || !strings.Contains(failed[0].Remedy, "joingyd unban") {
		t.Errorf("report = %+v", report)
	}
}

// The port that https, WebSocket and TURN over TLS share, and TURN over TLS and
// DTLS on a port of their own.
func TestCheckSharedPort(t *testing.T) {
	file := filepath.Join(t.TempDir(), "both.pem")
	if _, err := cert.SelfSigned(file, nil); err != nil {
		t.Fatal(err)
	}
	d := startDaemon(t, func(c *config.Config) {
		c.TLS.Listen, c.TLS.CertFile, c.TLS.KeyFile = "127.0.0.1:0", file, file
	})
	report := check.Run(t.Context(), check.Target{Host: mustHost(t, "https://"+d.httpsListener.Addr().String()), Timeout: patienceOfTests, Insecure: true})
	ok := make(map[string]bool)
	for _, step := range report.Steps {
		if step.Status == check.Failed {
			t.Errorf("%s: %s (%s)", step.Name, step.Detail, step.Remedy)
		}
		ok[step.Name] = step.Status == check.OK
	}
	for _, name := range []string{"http", "websocket", "ice", "relay udp-udp", "relay tcp-tls", "relay tls-tls"} {
		if !ok[name] {
			t.Errorf("%s is not ok in %+v", name, report.Steps)
		}
	}
}

func mustHost(t *testing.T, text string) check.Host {
	t.Helper()
	host, err := check.ParseHost(text)
	if err != nil {
		t.Fatal(err)
	}
	return host
}
