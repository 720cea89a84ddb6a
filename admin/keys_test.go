package admin_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func TestRotateKeys(t *testing.T) {
	f := newFixture(t)
	var saved ban.Keys
	var failure error
	f.reopen(func(o *admin.Options) {
		o.SaveKeys = func(keys ban.Keys) error { saved = keys; return failure }
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
	if text, err := json.Marshal(list); err != nil || string(text) != `{"ban":[{"number":3,"current":true,"bans":0},{"number":2,"current":false,"bans":0}]}` {
		t.Errorf("as JSON: %s, %v", text, err)
	}

	f.reopen(func(o *admin.Options) { o.SaveKeys = nil })
	_, err = f.RotateKeys(t.Context(), admin.RotateRequest{})
	wantError(t, "no file", err, admin.CodeUnavailable, "of the daemon")
}
