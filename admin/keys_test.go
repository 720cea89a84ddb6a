package admin_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/moderate/audit"
)

func TestRotateKeys(t *testing.T) {
	f := newFixture(t)
	var saved ban.Keys
	var failure error
	f.reopen(func(o *admin.Options) {
		o.SaveKeys = func(keys ban.Keys) error { saved = keys; return failure }
		o.KeyFile = func(admin.KeyPurpose) admin.KeyFile {
			return admin.KeyFile{Path: "var/ban.key", Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		}
	})
	client := connect(t, serve(t, f))
	if _, err := f.Ban(t.Context(), admin.BanRequest{Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	result, err := client.RotateKeys(t.Context(), admin.RotateRequest{By: "mallory"})
	if err != nil || result.Dropped != 0 || len(result.Ban) != 2 || result.Ban[1].Bans != 1 || !result.Ban[0].Current {
		t.Fatalf("RotateKeys = %+v, %v; want a second key, and the first one kept for its ban", result, err)
	}
	if len(saved) != 2 || saved[1] != (ban.Key{1}) || saved[0] == (ban.Key{}) {
		t.Errorf("%d keys were saved, want the new one and then the first", len(saved))
	}
	if log := f.log.String(); !strings.Contains(log, "ban key rotated") || strings.Contains(log, "mallory") {
		t.Errorf("log = %s, want who the kernel says", log)
	}
	if _, err := f.Unban(t.Context(), admin.UnbanRequest{Target: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	result, err = client.RotateKeys(t.Context(), admin.RotateRequest{})
	if err != nil || result.Dropped != 1 || len(result.Ban) != 2 {
		t.Errorf("RotateKeys = %+v, %v; want the first key dropped", result, err)
	}

	failure = errors.New("disk full")
	_, err = client.RotateKeys(t.Context(), admin.RotateRequest{})
	wantError(t, "keys that cannot be saved", err, admin.CodeInternal, "the keys are as before: disk full; make")
	list, err := client.Keys(t.Context())
	if err != nil || len(list.Ban) != 2 || list.Ban[0].Number != result.Ban[0].Number {
		t.Errorf("Keys = %+v, %v; want those before", list, err)
	}
	if text, err := json.Marshal(list); err != nil || string(text) != `{"ban":[{"number":3,"current":true,"bans":0},{"number":2,"current":false,"bans":0}],"keys":[`+
		`{"for":"ban","number":3,"fingerprint":"`+list.Keys[0].Fingerprint+`","current":true,"made":"2026-01-02T03:04:05Z","from":"var/ban.key","credential":false},`+
		`{"for":"ban","number":2,"fingerprint":"`+list.Keys[1].Fingerprint+`","current":false,"from":"var/ban.key","credential":false}]}` {
		t.Errorf("as JSON: %s, %v", text, err)
	}

	f.reopen(func(o *admin.Options) { o.SaveKeys = nil })
	_, err = f.RotateKeys(t.Context(), admin.RotateRequest{})
	wantError(t, "no file", err, admin.CodeUnavailable, "of the daemon")
}

// fakeRing is keys in memory, of which a rotation keeps the one before.
type fakeRing struct {
	keys [][32]byte
	err  error
}

func (r *fakeRing) Held() (list []admin.HeldKey, err error) {
	for i, key := range r.keys {
		held := admin.HeldKey{Key: key, Saved: i == 0}
		if i > 0 {
			held.Until = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		}
		list = append(list, held)
	}
	return list, nil
}

func (r *fakeRing) Rotate(key [32]byte) (dropped int, err error) {
	if r.err != nil {
		return 0, r.err
	}
	dropped = len(r.keys) - 1
	r.keys = [][32]byte{key, r.keys[0]}
	return dropped, nil
}

func TestRotateOtherKeys(t *testing.T) {
	f := newFixture(t)
	dir := t.TempDir()
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ring := &fakeRing{keys: [][32]byte{{1}}}
	credential := false
	f.reopen(func(o *admin.Options) {
		o.Audit, o.KeyRings = log, map[admin.KeyPurpose]admin.KeyRing{admin.KeyRelay: ring}
		o.KeyFile = func(p admin.KeyPurpose) admin.KeyFile {
			return admin.KeyFile{Path: "var/" + string(p), Credential: credential}
		}
	})
	client := connect(t, serve(t, f))
	result, err := client.RotateKeys(t.Context(), admin.RotateRequest{For: admin.KeyRelay})
	if err != nil || result.For != admin.KeyRelay || result.Dropped != 0 || len(result.Keys) != 3 {
		t.Fatalf("RotateKeys = %+v, %v; want the bans' key and two of the relay", result, err)
	}
	now, before := result.Keys[1], result.Keys[2]
	if now.For != admin.KeyRelay || !now.Current || now.From != "var/relay" || now.Fingerprint == before.Fingerprint ||
		before.Current || before.From != "" || before.Until.IsZero() || len(before.Fingerprint) != 8 {
		t.Errorf("keys %+v and %+v", now, before)
	}
	entries := 0
	for entry, err := range audit.Entries(dir) {
		if entries++; err != nil || entry.Did != "keys.rotate" || entry.On != "relay" || entry.Details["fingerprint"] != now.Fingerprint {
			t.Errorf("audit log: %+v, %v", entry, err)
		}
	}
	if entries != 1 {
		t.Errorf("%d entries in the audit log, want 1", entries)
	}
	if text := f.log.String(); !strings.Contains(text, "relay key rotated") || !strings.Contains(text, now.Fingerprint) {
		t.Errorf("log = %s", text)
	}

	for _, tt := range []struct {
		purpose    admin.KeyPurpose
		credential bool
		failure    error
		code       admin.Code
		want       string
	}{
		{"nonsense", false, nil, admin.CodeInvalid, "write ban, relay, age, visits or disclosure"},
		{admin.KeyAge, false, nil, admin.CodeNotFound, "there are no keys for age"},
		{admin.KeyRelay, true, nil, admin.CodeUnavailable, "var/relay, which the daemon cannot replace; write a new one (openssl rand -hex 32) in place of the line in the file that LoadCredential="},
		{admin.KeyRelay, false, errors.New("disk full"), admin.CodeInternal, "disk full"},
		{admin.KeyRelay, false, &admin.Error{Code: admin.CodeUnavailable, Detail: "later"}, admin.CodeUnavailable, "later"},
	} {
		credential, ring.err = tt.credential, tt.failure
		_, err := client.RotateKeys(t.Context(), admin.RotateRequest{For: tt.purpose})
		wantError(t, string(tt.purpose), err, tt.code, tt.want)
	}
}
