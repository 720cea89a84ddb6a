package turn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
)

func saved() error { return nil }

// mustSucceed sends a signed request that must be granted.
func (c *raw) mustSucceed(what string, kind stun.MessageType, attrs ...stun.Setter) {
	c.t.Helper()
	if answer := c.do(kind, attrs...); answer == nil || answer.Type.Class != stun.ClassSuccessResponse {
		c.t.Errorf("%s: %v", what, answer)
	}
}

// mustFail tries credentials that must be worth nothing.
func (f *fixture) mustFail(t *testing.T, what string, creds turn.Credentials) {
	t.Helper()
	c := f.raw(t, creds)
	if err := c.refused(c.do(allocate, overUDP), allocate, stun.CodeUnauthorized, false); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestRotateKeepsWhatGoesOn(t *testing.T) {
	for name, opts := range map[string]turn.Options{"masked": {}, "open": openOptions(nil)} {
		t.Run(name, func(t *testing.T) {
			opts.Secret, opts.CredentialLifetime = [32]byte{1}, time.Hour
			f := newFixture(t, opts)
			id := ident.NewSession()
			before := f.Admit(id, loopback)
			call := f.raw(t, before)
			call.mustAllocate()
			peers := f.raw(t, before).mustAllocate() // the session's own: it may talk to it
			goesOn := func(when string) {
				t.Helper()
				call.mustSucceed("Refresh "+when, refresh)
				call.mustSucceed("CreatePermission "+when, permission, peer(peers))
				call.mustSucceed("ChannelBind "+when, channel, attr(stun.AttrChannelNumber, 0x40, 0, 0, 0), peer(peers))
			}
			goesOn("before")
			if err := f.Rotate([32]byte{2}, saved); err != nil {
				t.Fatal(err)
			}
			goesOn("after the rotation")
			f.raw(t, before).mustAllocate()
			if list := f.Secrets(); len(list) != 2 || list[0] != (turn.SecretUse{Secret: [32]byte{2}}) || list[1].Secret != [32]byte{1} || list[1].Until.Before(before.Expires) {
				t.Errorf("%d secrets, want the new one and the old one until its credentials end", len(list))
			}
			_, user, _ := strings.Cut(before.Username, ":")
			old := [32]byte{1}
			f.mustFail(t, "made with the old secret since", restCredentials(old[:], user, before.Expires.Add(time.Minute)))

			f.ahead.Store(int64(time.Hour + time.Second))
			goesOn("when the credentials have ended")
			f.mustFail(t, "ended credentials", before)
			if list := f.Secrets(); len(list) != 1 || list[0].Secret != [32]byte{2} {
				t.Errorf("%d secrets, want the new one", len(list))
			}
			after := f.Admit(id, loopback)
			f.mustFail(t, "the old secret when it is forgotten", restCredentials(old[:], user, after.Expires))
			f.raw(t, after).mustAllocate()
			goesOn("when the old secret is forgotten")

			call.creds.Password = after.Password
			if err := call.refused(call.do(refresh), refresh, stun.CodeUnauthorized, false); err != nil {
				t.Errorf("Refresh with another password: %v", err)
			}
		})
	}
}

func TestRotateIsNothingUnlessTheSecretIsSaved(t *testing.T) {
	f := newFixture(t, turn.Options{Secret: [32]byte{1}})
	full := errors.New("disk full")
	if err := f.Rotate([32]byte{2}, func() error { return full }); !errors.Is(err, full) {
		t.Errorf("Rotate: %v, want %v", err, full)
	}
	if list := f.Secrets(); len(list) != 1 || list[0].Secret != [32]byte{1} {
		t.Errorf("%d secrets, want the first", len(list))
	}
}

func TestRotateHasABound(t *testing.T) {
	f := newFixture(t, turn.Options{CredentialLifetime: time.Hour})
	for n := 1; ; n++ {
		err := f.Rotate([32]byte{byte(n)}, saved)
		if list := f.Secrets(); len(list) > 8 {
			t.Fatalf("%d secrets", len(list))
		}
		if err != nil {
			if !errors.Is(err, turn.ErrTooManySecrets) || !strings.Contains(err.Error(), "rotate again after ") {
				t.Errorf("Rotate: %v, want ErrTooManySecrets", err)
			}
			break
		}
	}
	f.ahead.Store(int64(2 * time.Hour))
	if err := f.Rotate([32]byte{100}, saved); err != nil {
		t.Errorf("Rotate when the credentials have ended: %v", err)
	}
}
