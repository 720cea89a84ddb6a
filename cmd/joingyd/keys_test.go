package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
)

// flows sends RTP from a to b on the tracks of their call until a packet with the text
// has arrived.
func flows(t *testing.T, a, b *caller, text string) {
	t.Helper()
	track := a.peer.GetSenders()[0].Track().(*webrtc.TrackLocalStaticRTP)
	remote := b.peer.GetReceivers()[0].Track()
	received := make(chan struct{})
	go func() {
		defer close(received)
		for {
			if packet, _, err := remote.ReadRTP(); err != nil || strings.HasSuffix(string(packet.Payload), text) {
				return
			}
		}
	}()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patienceOfTests)
	for n := uint16(1000); ; n++ {
		packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 3000}, Payload: []byte("\x10\x00\x00" + text)}
		if err := track.WriteRTP(packet); err != nil {
			t.Fatal(err)
		}
		select {
		case <-received:
			return
		case <-ticker.C:
		case <-deadline:
			t.Fatal("nothing arrives")
		}
	}
}

// A call goes on while every key is rotated, who was let in before may still call, and
// so may who comes later; a ban holds, and so it does after a restart.
func TestCallOutlivesRotations(t *testing.T) {
	d, stop := startDaemonToStop(t, nil)
	client, err := admin.Connect(t.Context(), d.adminPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	a, b, early := newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1"), newCaller(t, d, "127.0.0.1")
	meet(t, a, b, "video")
	call(t, a, b)
	secretFile := filepath.Join(d.cfg.DataDir, relaySecretFile)
	before, err := config.LoadSecret(secretFile)
	if err != nil {
		t.Fatal(err)
	}
	visit := ident.NewSession()
	receipt := d.receipts.Receipt(visit)
	for _, purpose := range []admin.KeyPurpose{admin.KeyRelay, admin.KeyBan, admin.KeyRelay} {
		if _, err := client.RotateKeys(t.Context(), admin.RotateRequest{For: purpose}); err != nil {
			t.Fatal(err)
		}
		flows(t, a, b, "after a rotation for "+string(purpose))
	}
	if state := a.peer.ConnectionState(); state != webrtc.PeerConnectionStateConnected {
		t.Errorf("the call is %v", state)
	}
	late := newCaller(t, d, "127.0.0.1")
	for who, c := range map[string]*caller{"let in before": early, "let in after": late} {
		server := c.welcome.ICE.Servers[0]
		if err := allocateAt(t, addrOf(t, d, "udp"), server.Username, server.Credential); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	if after, err := config.LoadSecret(secretFile); err != nil || after == before {
		t.Errorf("the file has the same secret: %v, %v", after == before, err)
	}
	receipts := func() {
		t.Helper()
		if got, err := d.receipts.Read(receipt); err != nil || got != visit {
			t.Errorf("a receipt of before is of %v, %v", got, err)
		}
	}
	if _, err := client.RotateKeys(t.Context(), admin.RotateRequest{For: admin.KeyVisits}); err != nil || d.receipts.Receipt(visit) == receipt {
		t.Errorf("rotate visits: %v", err)
	}
	receipts()
	list, err := client.Keys(t.Context())
	if err != nil || len(list.Keys) != 7 || len(list.Ban) != 2 || list.Ban[1].Bans != 1 {
		t.Fatalf("Keys = %+v, %v; want 2 for bans, 3 of the relay and 2 of visits", list, err)
	}
	for i, k := range list.Keys[:5] {
		relay, current := k.For == admin.KeyRelay, i == 0 || i == 2
		if k.Current != current || k.Made.IsZero() == current || k.Credential || (k.From == "") != (relay && !current) || k.Until.IsZero() == (relay && !current) {
			t.Errorf("key %d: %+v", i, k)
		}
	}
	banned := func() {
		t.Helper()
		if result, err := client.Check(t.Context(), admin.CheckRequest{Address: "203.0.113.7"}); err != nil || !result.Banned {
			t.Errorf("Check = %+v, %v; want that it is banned", result, err)
		}
	}
	banned()
	for _, c := range []*caller{a, b, early, late} {
		c.conn.CloseNow()
	}
	stop()
	d = startDaemon(t, func(c *config.Config) { c.DataDir = d.cfg.DataDir })
	if client, err = admin.Connect(t.Context(), d.adminPath); err != nil {
		t.Fatal(err)
	}
	banned()
	receipts()
}

// Where systemd hands out keys they are used, whatever is in the data directory, and a
// rotation says where to make it.
func TestKeysOfSystemd(t *testing.T) {
	credentials, data := t.TempDir(), t.TempDir()
	if _, err := initKeys(credentials, admin.KeyPurposes()); err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("token of systemd ", 2)
	if err := os.WriteFile(filepath.Join(credentials, adminTokenFile), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{banKeyFile, relaySecretFile, ageKeyFile, visitKeyFile, signingKeyFile, adminTokenFile} {
		if err := os.Chmod(filepath.Join(credentials, name), 0o440); err != nil { // as systemd does, with an ACL
			t.Fatal(err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	d := startDaemon(t, func(c *config.Config) { c.DataDir, c.Admin.Listen = data, "127.0.0.1:0" })
	if string(d.adminTCP.token) != strings.TrimSpace(token) {
		t.Error("the token is another")
	}
	for _, name := range []string{banKeyFile, relaySecretFile, ageKeyFile, visitKeyFile, signingKeyFile, adminTokenFile} {
		if fileExists(filepath.Join(data, name)) {
			t.Errorf("%s was made in the data directory", name)
		}
	}
	client, err := admin.Connect(t.Context(), d.adminPath)
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Keys(t.Context())
	if err != nil || len(list.Keys) != len(admin.KeyPurposes()) {
		t.Fatalf("Keys = %+v, %v; want one of each", list, err)
	}
	for i, purpose := range admin.KeyPurposes() {
		path := filepath.Join(credentials, keyFileNames[purpose])
		if k := list.Keys[i]; k.For != purpose || !k.Credential || k.From != path || !k.Made.IsZero() {
			t.Errorf("key %d: %+v", i, k)
		}
		_, err := client.RotateKeys(t.Context(), admin.RotateRequest{For: purpose})
		if refused, is := errors.AsType[*admin.Error](err); !is || refused.Code != admin.CodeUnavailable || !strings.Contains(refused.Detail, path) || !strings.Contains(refused.Detail, "LoadCredential=") {
			t.Errorf("rotate %s: %v", purpose, err)
		}
	}
	if again, err := client.Keys(t.Context()); err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
		t.Errorf("then Keys = %+v, %v; want those before", again, err)
	}
}

// What may be wrong with a key file ends the start and keys init with the file's name
// and a remedy, and nothing is changed.
func TestBadKeyFiles(t *testing.T) {
	good := strings.Repeat("0a", config.SecretSize) + "\n"
	write := func(name, text string, mode fs.FileMode) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				return err
			}
			return os.Chmod(path, mode)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	for _, tt := range []struct {
		name   string
		change func(dir string) error
		want   []string
		starts bool // where keys init refuses
		inits  bool // where the daemon does not start
	}{
		{"another ban key", write(banKeyFile, good, 0o600), []string{banKeyFile, "put the key file back"}, false, true},
		{"a ban key cut short", write(banKeyFile, good[:40], 0o600), []string{banKeyFile, "line 1 is not 64", "restore it from a backup"}, false, false},
		{"no content", write(banKeyFile, "", 0o600), []string{banKeyFile, "line 1 is not 64"}, false, false},
		{"a second key cut short", write(banKeyFile, good+good[:10], 0o600), []string{banKeyFile, "line 2 is not 64"}, false, false},
		{"a ban key for all to read", func(dir string) error { return os.Chmod(filepath.Join(dir, banKeyFile), 0o644) }, []string{banKeyFile, "chmod 600"}, false, false},
		{"no ban key", remove(banKeyFile), []string{banKeyFile, "put the key file"}, false, false},
		{"a link to a disk that is not there", func(dir string) error {
			return errors.Join(remove(banKeyFile)(dir), os.Symlink("/nowhere/ban.key", filepath.Join(dir, banKeyFile)))
		}, []string{banKeyFile}, false, false},
		{"a relay secret cut short", write(relaySecretFile, good[:63], 0o600), []string{relaySecretFile, "line 1 is not 64"}, false, false},
		{"a relay secret for all to read", write(relaySecretFile, good, 0o604), []string{relaySecretFile, "chmod 600"}, false, false},
		{"two relay secrets", write(relaySecretFile, good+good, 0o600), []string{relaySecretFile, "keep the line of the one that counts"}, false, false},
		{"a directory that all may write", func(dir string) error { return os.Chmod(dir, 0o777) }, []string{"chmod 700"}, true, false},
		{"no relay secret", remove(relaySecretFile), nil, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := initKeys(dir, []admin.KeyPurpose{admin.KeyBan, admin.KeyRelay}); err != nil {
				t.Fatal(err)
			}
			keys, err := loadStoreKeys(dir)
			if err != nil {
				t.Fatal(err)
			}
			store, err := openStoreIn(dir, keys, nil)
			if err == nil {
				_, err = store.Add(ban.Entry{Target: ban.TargetFor(netip.MustParseAddr("203.0.113.7")), By: "root"})
			}
			if err = errors.Join(err, store.Close(), tt.change(dir)); err != nil {
				t.Fatal(err)
			}
			before := keyContents(dir)
			check := func(what string, err error, works bool) {
				t.Helper()
				if works != (err == nil) {
					t.Errorf("%s: %v", what, err)
				}
				for _, want := range tt.want {
					if err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), good[:8])) {
						t.Errorf("%s: %v, want %q", what, err, want)
					}
				}
				if now := keyContents(dir); !works && now != before {
					t.Errorf("%s has changed files: %s, they were %s", what, now, before)
				}
			}
			_, err = initKeys(dir, []admin.KeyPurpose{admin.KeyBan, admin.KeyRelay})
			check("keys init", err, tt.inits)
			cfg := config.Default()
			cfg.DataDir, cfg.HTTP.Listen, cfg.TURN.Listen = dir, "127.0.0.1:0", []string{"127.0.0.1:0"}
			d, err := newDaemon(cfg, slog.New(slog.DiscardHandler))
			check("serve", err, tt.starts)
			if err == nil {
				err = d.close()
			}
			if err != nil && tt.starts {
				t.Error(err)
			}
		})
	}
}

// keyContents is what the key files of a directory hold.
func keyContents(dir string) (text string) {
	for _, name := range []string{banKeyFile, relaySecretFile} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		text += fmt.Sprintf("%s: %q %v\n", name, content, errors.Is(err, fs.ErrNotExist))
	}
	return text
}

func TestFileRing(t *testing.T) {
	path := filepath.Join(t.TempDir(), ageKeyFile)
	used := 0
	ring := fileRing{path, time.Hour, func(keys [][config.SecretSize]byte) error { used = len(keys); return nil }}
	rotate := func(n byte) {
		t.Helper()
		if _, err := ring.Rotate([32]byte{n}); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(want ...byte) {
		t.Helper()
		held, err := ring.Held()
		var got []byte
		for _, h := range held {
			got = append(got, h.Key[0])
		}
		if err != nil || string(got) != string(want) {
			t.Errorf("keys %v, %v; want %v", got, err, want)
		}
	}
	wants()
	for n := range byte(3) {
		rotate(n + 1)
	}
	wants(3, 2, 1) // a proof of each may still be good
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	rotate(4)
	wants(4, 3) // 3 was current until now
	if used != 2 {
		t.Errorf("%d keys are used, want 2", used)
	}
	for n := range byte(10) {
		rotate(n + 5)
	}
	if held, err := ring.Held(); err != nil || len(held) != maxFileKeys || held[0].Key[0] != 14 {
		t.Errorf("%d keys, %v; want %d", len(held), err, maxFileKeys)
	}
	if dropped, err := (fileRing{path: path}).Rotate([32]byte{1}); err != nil || dropped != maxFileKeys {
		t.Errorf("where no old key is needed %d are dropped, %v", dropped, err)
	}
	if dropped, err := (fileRing{path: path + ".other"}).Rotate([32]byte{1}); err != nil || dropped != 0 {
		t.Errorf("where there was no file %d are dropped, %v", dropped, err)
	}
	wants(1)
}
