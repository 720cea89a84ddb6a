package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

// oneLink has room for one link.
type oneLink struct{ made string }

func (l *oneLink) Make(name string) (string, time.Time, error) {
	if l.made != "" {
		return "", time.Time{}, errors.New("too many links wait")
	}
	l.made = name
	return "https://desk.example.org/#login=secret", noon, nil
}

// Who makes a link for whom is written down, and the link is not.
func TestLogin(t *testing.T) {
	c := newCourt(t, moderate.Options{})
	_, err := c.client.Login(t.Context(), admin.LoginRequest{})
	wantError(t, "no page", err, admin.CodeUnavailable, "admin.web_listen")

	dir := t.TempDir()
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	links := &oneLink{}
	c.reopen(func(o *admin.Options) { o.Links, o.Audit = links, log })
	for _, name := range []string{"al ice", "auto:rule", "uid:7", "token", "unknown", "ann\n", "müller", strings.Repeat("a", 65)} {
		_, err := c.Login(t.Context(), admin.LoginRequest{For: name, By: "root"})
		wantError(t, name, err, admin.CodeInvalid, "--for")
	}
	_, err = c.Login(t.Context(), admin.LoginRequest{By: "token"})
	wantError(t, "by token", err, admin.CodeInvalid, "--for")
	if links.made != "" {
		t.Errorf("a link was made for %s", links.made)
	}
	result, err := c.Login(t.Context(), admin.LoginRequest{For: "ann@example.org", By: "root"})
	if err != nil || result.For != "ann@example.org" || links.made != result.For || !result.Until.Equal(noon) {
		t.Errorf("%+v, %v", result, err)
	}
	_, err = c.Login(t.Context(), admin.LoginRequest{For: "bob", By: "root"})
	wantError(t, "too many", err, admin.CodeUnavailable, "too many")
	if err := c.LoggedIn(t.Context(), "ann@example.org", "link"); err != nil {
		t.Error(err)
	}
	var written []string
	for e, err := range audit.Entries(dir) {
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, string(e.By)+" "+e.Did+" "+e.On+" "+e.Details["by"])
	}
	want := "root desk.link ann@example.org ,root desk.link bob ,ann@example.org desk.login ann@example.org link"
	if got := strings.Join(written, ","); got != want {
		t.Errorf("written: %s, want %s", got, want)
	}
}

// One person has a case at a time, and what may be decided stands with it.
func TestClaim(t *testing.T) {
	c := newCourt(t, moderate.Options{TwoPeople: true})
	id := c.file(t, "nudity", "a")
	k, err := c.Claim(t.Context(), admin.ClaimRequest{Case: id, By: "ann"})
	if err != nil || k.Claim.By != "ann" || !slices.Contains(k.Actions, moderate.Permanent) {
		t.Fatalf("%+v, %v", k, err)
	}
	_, err = c.Claim(t.Context(), admin.ClaimRequest{Case: id, By: "bob"})
	wantError(t, "held", err, admin.CodeUnavailable, "ann looks at it until")
	if err := c.Unclaim(t.Context(), admin.ClaimRequest{Case: id, By: "bob"}); err != nil {
		t.Errorf("release of another's: %v", err)
	}
	_, err = c.Claim(t.Context(), admin.ClaimRequest{Case: id, By: "bob"})
	wantError(t, "still held", err, admin.CodeUnavailable, "ann looks at it until")
	if err := c.Unclaim(t.Context(), admin.ClaimRequest{Case: id, By: "ann"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Permanent, Reason: "r", By: "bob"}); err != nil {
		t.Fatal(err)
	}
	_, err = c.Claim(t.Context(), admin.ClaimRequest{Case: id, By: "bob"})
	wantError(t, "to confirm one's own", err, admin.CodeInvalid, "somebody else")
	if _, err := c.Decide(t.Context(), admin.DecideRequest{Case: id, Do: moderate.Permanent, Reason: "r", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	if k, err := c.Case(t.Context(), id); err != nil || k.Decision.Confirmed != "ann" {
		t.Errorf("%+v, %v", k, err)
	}
	_, err = c.Claim(t.Context(), admin.ClaimRequest{Case: id})
	wantError(t, "nobody", err, admin.CodeInvalid, "nobody is named")
	_, err = admin.NewService(c.bans, nil).Claim(t.Context(), admin.ClaimRequest{Case: id, By: "ann"})
	wantError(t, "offline", err, admin.CodeUnavailable, "--offline")
}
