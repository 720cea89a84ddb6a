package main

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/privacy"
)

// A daemon that is killed while it erases goes on when it is started again: what is on
// disk as begun is done.
func TestKilledWhileErasing(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rows, err := iplog.Open(filepath.Join(dir, ipLogDir), iplog.Options{Seal: func(plain []byte) ([]byte, error) { return plain, nil }, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		rows.Add(iplog.Event{At: time.Now(), Kind: iplog.Came, Session: "one", Address: netip.MustParseAddrPort("203.0.113.7:1")})
	}
	rows.Flush()
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, dir, nil, "--privacy-recipients", key.Recipient().String())
	control, answered := p.control(), make(chan error, 1)
	go func() {
		_, err := control.Erase(t.Context(), admin.EraseRequest{Address: "203.0.113.7"})
		answered <- err
	}()
	for begun := 0; begun == 0; { // as soon as it is on disk
		names, err := filepath.Glob(filepath.Join(dir, requestsDir, "*.json"))
		if begun = len(names); err != nil || begun == 0 && len(answered) > 0 {
			t.Fatal("it was answered before it was on disk: ", err)
		}
	}
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended
	p.stop()             //nolint:errcheck // it was killed
	<-answered
	p = startProcess(t, dir, nil, "--privacy-recipients", key.Recipient().String())
	for {
		list, err := p.control().PrivacyRequests(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		data, err := p.control().DataOf(t.Context(), admin.SubjectRequest{Address: "203.0.113.7"})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case len(list.Requests) == 1 && list.Requests[0].State == privacy.StateDone && len(data.Rows) == 0:
			return
		case len(list.Requests) == 1 && list.Requests[0].State == privacy.StateErasing:
			time.Sleep(5 * time.Millisecond)
		default:
			t.Fatalf("%+v with %d rows", list.Requests, len(data.Rows))
		}
	}
}
