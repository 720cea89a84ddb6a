package agepass_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/agepass"
)

var now = time.Date(2026, 11, 28, 20, 6, 39, 0, time.UTC)

var oldKey, newKey = agepass.Key{1}, agepass.Key{2}

func signer(t testing.TB, audience string, lifetime time.Duration, keys ...agepass.Key) *agepass.Signer {
	t.Helper()
	s, err := agepass.NewSigner(agepass.Options{Keys: keys, Audience: audience, Lifetime: lifetime})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func issue(t testing.TB, s *agepass.Signer) string {
	t.Helper()
	pass, _, err := s.Issue(now, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

func TestUseKeys(t *testing.T) {
	s := signer(t, "chat.example", 24*time.Hour, oldKey)
	pass := issue(t, s)
	state, nonce, _ := s.NewState(now)
	check := func(when string, pass, state, nonce string, want error) {
		t.Helper()
		if err, err2 := s.Check(pass, now), s.CheckState(state, nonce, now); !errors.Is(err, want) || !errors.Is(err2, want) {
			t.Errorf("%s: a pass %v, a state %v; want %v", when, err, err2, want)
		}
	}
	for _, bad := range [][]agepass.Key{nil, {{}}, {newKey, {}}} {
		if err := s.UseKeys(bad); err == nil {
			t.Errorf("%d keys are used", len(bad))
		}
	}
	check("bad keys", pass, state, nonce, nil)
	if err := s.UseKeys([]agepass.Key{newKey, oldKey}); err != nil {
		t.Fatal(err)
	}
	check("the old key is the second", pass, state, nonce, nil)
	later := issue(t, s)
	laterState, laterNonce, _ := s.NewState(now)
	if err := s.UseKeys([]agepass.Key{newKey}); err != nil {
		t.Fatal(err)
	}
	check("the old key is gone", pass, state, nonce, agepass.ErrNotOurs)
	check("made since", later, laterState, laterNonce, nil)
}

func TestIssueEndsOnAFullHour(t *testing.T) {
	s := signer(t, "chat.example", 24*time.Hour, newKey)
	day := time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		until, want time.Time
		err         error
	}{
		{time.Time{}, day, nil},
		{now.Add(time.Hour), now.Truncate(time.Hour).Add(time.Hour), nil},
		{now.Add(90 * 24 * time.Hour), day, nil},
		{now.Add(53*time.Minute + 20*time.Second), time.Time{}, agepass.ErrShort},
		{now.Add(-time.Hour), time.Time{}, agepass.ErrShort},
		{time.Unix(-1<<40, 0), time.Time{}, agepass.ErrShort},
	} {
		pass, ends, err := s.Issue(now, test.until)
		if !errors.Is(err, test.err) || !ends.Equal(test.want) || (pass == "") != (err != nil) {
			t.Errorf("Issue(now, %v) ends %v, %v; want %v, %v", test.until, ends, err, test.want, test.err)
		}
		if err == nil && (s.Check(pass, ends.Add(-1)) != nil || s.Check(pass, ends) != agepass.ErrExpired) {
			t.Errorf("it does not end at %v", ends)
		}
	}
}

func TestCheck(t *testing.T) {
	site := signer(t, "chat.example", 24*time.Hour, newKey, oldKey)
	pass := issue(t, site)
	state, _, _ := site.NewState(now)
	for _, test := range []struct {
		name string
		by   *agepass.Signer
		pass string
		at   time.Time
		want error
	}{
		{"good", site, pass, now, nil},
		{"clock a minute behind", site, pass, now.Add(-time.Minute), nil},
		{"late", site, pass, now.Add(24 * time.Hour), agepass.ErrExpired},
		{"clock a day behind", site, pass, now.Add(-24 * time.Hour), agepass.ErrNotYet},
		{"less time is given now", signer(t, "chat.example", 2*time.Hour, newKey), pass, now, agepass.ErrNotYet},
		{"made before the key was replaced", site, issue(t, signer(t, "chat.example", 0, oldKey)), now, nil},
		{"its key is gone", signer(t, "chat.example", 0, newKey), issue(t, signer(t, "chat.example", 0, oldKey)), now, agepass.ErrNotOurs},
		{"another site with the same key", signer(t, "talk.example", 0, newKey), pass, now, agepass.ErrOtherSite},
		{"another site, and late", signer(t, "talk.example", 0, newKey), pass, now.Add(48 * time.Hour), agepass.ErrOtherSite},
		{"a state", site, state, now, agepass.ErrMalformed},
		{"empty", site, "", now, agepass.ErrMalformed},
		{"cut", site, pass[1:], now, agepass.ErrMalformed},
		{"longer", site, pass + "A", now, agepass.ErrMalformed},
		{"another version", site, "B" + pass[1:], now, agepass.ErrMalformed},
		{"a line end in it", site, pass[:50] + "\n" + pass[51:], now, agepass.ErrMalformed},
		{"not base64url", site, pass[:50] + "+" + pass[51:], now, agepass.ErrMalformed},
	} {
		if err := test.by.Check(test.pass, test.at); err != test.want {
			t.Errorf("%s: Check = %v, want %v", test.name, err, test.want)
		}
	}
}

// TestEachBitCounts changes every bit of a pass, and every bit that its text has to
// spare.
func TestEachBitCounts(t *testing.T) {
	site := signer(t, "chat.example", 0, newKey)
	pass := issue(t, site)
	raw, err := base64.RawURLEncoding.DecodeString(pass)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		if err := site.Check(base64.RawURLEncoding.EncodeToString(raw), now); err != agepass.ErrNotOurs && err != agepass.ErrMalformed {
			t.Fatalf("with bit %d changed: %v", i, err)
		}
		raw[i/8] ^= 1 << (i % 8)
	}
	good := 0
	for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if site.Check(pass[:len(pass)-1]+string(last), now) == nil {
			good++
		}
	}
	if good != 1 {
		t.Errorf("%d texts are the same pass", good)
	}
}

// TestPassesAreAlike compares passes made at different moments of one hour: they
// share the head, the end and the site, and nothing else.
func TestPassesAreAlike(t *testing.T) {
	site := signer(t, "chat.example", 0, newKey)
	decode := func(at time.Time) []byte {
		pass, _, err := site.Issue(at, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(pass)
		return raw
	}
	a, b := decode(now), decode(now.Add(50*time.Minute))
	if string(a[:5]) != string(b[:5]) || string(a[21:41]) != string(b[21:41]) || string(a[5:21]) == string(b[5:21]) || len(a) != 73 {
		t.Errorf("passes of one hour:\n%x\n%x", a, b)
	}
}

func TestState(t *testing.T) {
	site := signer(t, "chat.example", 0, newKey, oldKey)
	state, nonce, ends := site.NewState(now)
	if want := now.Add(10 * time.Minute); !ends.Equal(want) {
		t.Errorf("the state ends %v, want %v", ends, want)
	}
	_, other, _ := site.NewState(now)
	old, oldNonce, _ := signer(t, "chat.example", 0, oldKey).NewState(now)
	for _, test := range []struct {
		name         string
		by           *agepass.Signer
		state, nonce string
		at           time.Time
		want         error
	}{
		{"good", site, state, nonce, ends.Add(-1), nil},
		{"late", site, state, nonce, ends, agepass.ErrExpired},
		{"clock an hour behind", site, state, nonce, now.Add(-time.Hour), agepass.ErrNotYet},
		{"another page's nonce", site, state, other, now, agepass.ErrNonce},
		{"no nonce", site, state, "", now, agepass.ErrNonce},
		{"made before the key was replaced", site, old, oldNonce, now, nil},
		{"another site", signer(t, "talk.example", 0, newKey), state, nonce, now, agepass.ErrOtherSite},
		{"another key", signer(t, "chat.example", 0, agepass.Key{3}), state, nonce, now, agepass.ErrNotOurs},
		{"a pass", site, issue(t, site), nonce, now, agepass.ErrMalformed},
	} {
		if err := test.by.CheckState(test.state, test.nonce, test.at); err != test.want {
			t.Errorf("%s: CheckState = %v, want %v", test.name, err, test.want)
		}
	}
	if strings.Contains(state, nonce) {
		t.Error("the state shows the nonce")
	}
}

func TestNewSignerNamesTheOption(t *testing.T) {
	good := agepass.Options{Keys: []agepass.Key{newKey}, Audience: "chat.example"}
	for _, test := range []struct {
		change func(*agepass.Options)
		want   string
	}{
		{func(o *agepass.Options) { o.Keys = nil }, "keys: there is none"},
		{func(o *agepass.Options) { o.Keys = []agepass.Key{newKey, {}} }, "keys: one is all zeros"},
		{func(o *agepass.Options) { o.Audience = "" }, "audience: "},
		{func(o *agepass.Options) { o.Audience = "Chat.example" }, "audience: "},
		{func(o *agepass.Options) { o.Audience = "https://chat.example" }, "audience: "},
		{func(o *agepass.Options) { o.Lifetime = time.Hour }, "lifetime: 1h0m0s is not from 2h0m0s"},
		{func(o *agepass.Options) { o.Lifetime = 31 * 24 * time.Hour }, "lifetime: "},
	} {
		options := good
		test.change(&options)
		if _, err := agepass.NewSigner(options); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("NewSigner: %v, want %q", err, test.want)
		}
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", newKey)
	text, err := json.Marshal(newKey)
	if all := fmt.Sprintf("%v %x %#v %s %s", newKey, newKey, newKey, text, log.String()); err != nil || strings.Count(all, "REDACTED") != 5 {
		t.Errorf("a key prints as %s, %v", all, err)
	}
}

// reference reports whether text is a pass that site takes at now: what pass.go
// says of it, written once more.
func reference(t *testing.T, text string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 73 || base64.RawURLEncoding.EncodeToString(raw) != text {
		return false
	}
	message, sum := raw[:41], raw[41:]
	site := sha256.Sum256([]byte("chat.example"))
	ends := time.Unix(int64(binary.BigEndian.Uint32(message[21:25]))*3600, 0)
	for _, key := range []agepass.Key{newKey, oldKey} {
		id, err := hkdf.Key(sha256.New, key[:], nil, "joingyd age pass id", 32)
		secret, err2 := hkdf.Key(sha256.New, key[:], nil, "joingyd age pass", 32)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(message)
		if bytes.Equal(mac.Sum(nil), sum) && bytes.Equal(message[:5], append([]byte{1}, id[:4]...)) && bytes.Equal(message[25:], site[:16]) {
			return ends.After(now) && !ends.After(now.Add(agepass.DefaultLifetime+2*time.Minute))
		}
	}
	return false
}

func FuzzCheck(f *testing.F) {
	site := signer(f, "chat.example", 0, newKey, oldKey)
	for _, s := range []*agepass.Signer{
		site,
		signer(f, "chat.example", 0, oldKey),
		signer(f, "talk.example", 0, newKey),
		signer(f, "chat.example", 0, agepass.Key{9}),
		signer(f, "chat.example", 48*time.Hour, newKey),
	} {
		f.Add(issue(f, s))
	}
	state, _, _ := site.NewState(now)
	f.Add(state)
	f.Fuzz(func(t *testing.T, text string) {
		if err := site.Check(text, now); (err == nil) != reference(t, text) {
			t.Errorf("Check(%q) = %v", text, err)
		}
		if err := site.CheckState(text, text, now); err == nil {
			t.Errorf("CheckState takes %q", text)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	site := signer(b, "chat.example", 0, newKey, oldKey)
	pass := issue(b, site)
	b.ReportAllocs()
	for b.Loop() {
		if err := site.Check(pass, now); err != nil {
			b.Fatal(err)
		}
	}
}
