package admin_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
)

// site is nodes that reach each other.
type site map[string]*node

// node is one of them.
type node struct {
	*court
	site    site
	name    string
	control http.Handler
	keys    http.Handler
	saved   func(ban.Keys) error
	passes  ring
	audited string // where its audit log is
	gone    bool
}

type fromKey struct{}

// noEvidence is that of cases of which nothing is kept.
type noEvidence struct{}

func (noEvidence) Parts(string) []moderate.Part                  { return nil }
func (noEvidence) Sealed(string) ([]admin.SealedEvidence, error) { return nil, nil }

// ring is keys in memory, the current first.
type ring [][32]byte

func (r *ring) Held() (list []admin.HeldKey, err error) {
	for _, key := range *r {
		list = append(list, admin.HeldKey{Key: key})
	}
	return list, nil
}

func (r *ring) Rotate(key [32]byte) (int, error) {
	*r = append(ring{key}, *r...)
	return 0, nil
}

// newSite returns nodes with these names, each with a session and a court.
func newSite(t *testing.T, names ...string) site {
	t.Helper()
	s := site{}
	for _, name := range names {
		n := &node{site: s, name: name, audited: filepath.Join(t.TempDir(), "audit")}
		log, err := audit.Open(n.audited, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		n.saved = func(ban.Keys) error { return nil }
		n.court = newCourtWith(t, moderate.Options{}, func(o *admin.Options) {
			o.Nodes, o.Audit, o.SaveKeys = n, log, func(keys ban.Keys) error { return n.saved(keys) }
			o.Evidence = noEvidence{}
			o.KeyRings = map[admin.KeyPurpose]admin.KeyRing{admin.KeyAge: &n.passes}
		})
		server, from := admin.NewServer(n.Service, nil), func(ctx context.Context) string { return ctx.Value(fromKey{}).(string) }
		n.control, n.keys = server.Forwarded(from), server.TakeKeys(from)
		s[name] = n
	}
	return s
}

func (n *node) Self() string { return n.name }

func (n *node) Others() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n.site)), func(name string) bool { return name == n.name })
}

func (n *node) All() []string { return n.Others() }

func (n *node) To(name string) http.RoundTripper {
	return trip(func(r *http.Request) (*http.Response, error) {
		other := n.site[name]
		if other == nil || other.gone {
			return nil, errors.New("node " + name + " does not answer")
		}
		handler := map[string]http.Handler{admin.ControlService: other.control, admin.KeyService: other.keys}[r.URL.Host]
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), fromKey{}, n.name)))
		return w.Result(), nil
	})
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// asked returns what the audit log has of requests of other nodes.
func (n *node) asked(t *testing.T) (list []string) {
	t.Helper()
	entries, _, err := audit.Last(n.audited, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Did == "node.request" {
			list = append(list, e.Details["request"]+" from "+e.Details["from"])
		}
	}
	return list
}

func TestSessionsOfAllNodes(t *testing.T) {
	s := newSite(t, "a", "b", "c")
	a := s["a"]
	of := func(c *admin.Client, req admin.SessionsRequest) (nodes []string, list admin.SessionList) {
		t.Helper()
		list, err := c.Sessions(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list.Sessions {
			nodes = append(nodes, one.Node)
		}
		slices.Sort(nodes)
		return nodes, list
	}
	if nodes, list := of(a.client, admin.SessionsRequest{Everywhere: true}); !slices.Equal(nodes, []string{"a", "b", "c"}) || list.Total != 3 || list.Missing != nil {
		t.Errorf("of all: %v, %+v", nodes, list)
	}
	if nodes, list := of(a.client, admin.SessionsRequest{Everywhere: true, Limit: 2}); len(nodes) != 2 || list.Total != 3 {
		t.Errorf("of all, 2: %v, %+v", nodes, list)
	}
	if nodes, _ := of(a.client, admin.SessionsRequest{}); !slices.Equal(nodes, []string{"a"}) {
		t.Errorf("of this one: %v", nodes)
	}
	for _, name := range []string{"a", "b"} {
		if nodes, _ := of(a.client.At(name), admin.SessionsRequest{Everywhere: true}); !slices.Equal(nodes, []string{name}) {
			t.Errorf("at %s: %v", name, nodes)
		}
	}
	s["c"].gone = true
	if nodes, list := of(a.client, admin.SessionsRequest{Everywhere: true}); !slices.Equal(nodes, []string{"a", "b"}) || !slices.Equal(list.Missing, []string{"node c does not answer"}) {
		t.Errorf("without c: %v, %+v", nodes, list)
	}
	var failure *admin.Error
	if _, err := a.client.At("c").Status(t.Context()); !errors.As(err, &failure) || failure.Code != admin.CodeUnavailable || failure.Detail != "node c does not answer" {
		t.Errorf("at c: %v", err)
	}
	if _, err := a.client.At("b").Keys(t.Context()); !errors.As(err, &failure) || failure.Code != admin.CodeForbidden || !strings.Contains(failure.Detail, "on the machine of b") {
		t.Errorf("the keys of b: %v", err)
	}
	if asked := s["b"].asked(t); asked != nil {
		t.Errorf("b's audit log has %v", asked)
	}
}

// Evidence is seen from another node, and its log says from which.
func TestEvidenceOfAnotherNode(t *testing.T) {
	s := newSite(t, "a", "b")
	b := s["b"]
	b.filed = 5
	id := b.file(t, "spam", "x")
	if list, err := s["a"].client.Evidence(t.Context(), admin.EvidenceRequest{Case: id}); err != nil || list.Case != id {
		t.Errorf("evidence: %+v, %v", list, err)
	}
	if got := b.asked(t); !slices.Equal(got, []string{"GET /v1/cases/{id}/evidence from a"}) {
		t.Errorf("b's audit log has %v", got)
	}
}

// A session is found wherever it lives, and who ended it is in the log there.
func TestKickAnywhere(t *testing.T) {
	s := newSite(t, "a", "b", "c")
	a, b := s["a"], s["b"]
	if result, err := a.client.Kick(t.Context(), admin.KickRequest{Session: b.session.String(), Reason: "spam"}); err != nil || result.Session != b.session.String() {
		t.Fatalf("kick: %+v, %v", result, err)
	}
	if !slices.Equal(b.live.kicked, []string{"spam"}) || len(b.live.sessions) != 0 || len(a.live.sessions) != 1 {
		t.Errorf("b kicked %v, a has %d sessions", b.live.kicked, len(a.live.sessions))
	}
	if got := b.asked(t); !slices.Equal(got, []string{"POST /v1/sessions/{id}/kick from a"}) {
		t.Errorf("b's audit log has %v", got)
	}
	nobody := admin.KickRequest{Session: ident.NewSession().String()}
	var failure *admin.Error
	if _, err := a.client.Kick(t.Context(), nobody); !errors.As(err, &failure) || failure.Code != admin.CodeNotFound || strings.Contains(failure.Detail, "node") {
		t.Errorf("nobody: %v", err)
	}
	s["c"].gone = true
	if _, err := a.client.Kick(t.Context(), nobody); !errors.As(err, &failure) || failure.Code != admin.CodeNotFound || !strings.HasSuffix(failure.Detail, "; but node c does not answer") {
		t.Errorf("nobody, without c: %v", err)
	}
	// So is one that is to be banned.
	c := s["b"].live.join("203.0.113.7")
	made, err := a.client.Ban(t.Context(), admin.BanRequest{Session: c.String(), Reason: "spam"})
	if err != nil || made.EndedSessions != 1 {
		t.Errorf("ban: %+v, %v", made, err)
	}
	if banned, err := b.client.Check(t.Context(), admin.CheckRequest{Address: netip.MustParseAddr("203.0.113.7").String()}); err != nil || !banned.Banned {
		t.Errorf("b: %+v, %v", banned, err)
	}
}

// A case is judged on the node that has it, from any; its session may be on a third by then.
func TestCasesOfAllNodes(t *testing.T) {
	s := newSite(t, "a", "b", "c")
	a, b, c := s["a"], s["b"], s["c"]
	b.filed, c.filed = 5, 10 // their ids differ
	first, second, own := b.file(t, "spam", "x"), c.file(t, "nudity", "x"), a.file(t, "spam", "x")
	list, err := a.client.Cases(t.Context(), 0)
	if err != nil || len(list.Cases) != 3 || list.Total != 3 || list.Cases[0].ID != second || list.Cases[0].Node != "c" {
		t.Fatalf("cases: %+v, %v", list, err)
	}
	if list, err = a.client.At("b").Cases(t.Context(), 0); err != nil || len(list.Cases) != 1 || list.Cases[0].ID != first {
		t.Errorf("cases of b: %+v, %v", list, err)
	}
	if k, err := a.client.Case(t.Context(), first); err != nil || k.ID != first || k.Node != "b" {
		t.Errorf("b's case: %+v, %v", k, err)
	}
	c.live.sessions[b.session] = b.live.sessions[b.session]
	delete(b.live.sessions, b.session)
	result, err := a.client.Decide(t.Context(), admin.DecideRequest{Case: first, Do: moderate.End, Reason: "no"})
	if err != nil || !result.Ended || result.Case.Node != "b" || !slices.Equal(c.live.kicked, []string{"no"}) {
		t.Errorf("decided: %+v, %v; c kicked %v", result, err, c.live.kicked)
	}
	if k, err := b.cases.Get(first); err != nil || k.State != moderate.StateDecided {
		t.Errorf("b has %+v, %v", k, err)
	}
	if result, err = a.client.Decide(t.Context(), admin.DecideRequest{Case: own, Do: moderate.Warn, Reason: "be kind"}); err != nil || !result.Warned {
		t.Errorf("its own: %+v, %v", result, err)
	}
}

// A new key for bans, or for proofs of age, is handed to all nodes, by nobody's asking, and it is said who has not got it.
func TestKeysForAllNodes(t *testing.T) {
	s := newSite(t, "a", "b", "c", "d")
	a, b := s["a"], s["b"]
	var saved ban.Keys
	b.saved = func(keys ban.Keys) error { saved = keys; return nil }
	s["c"].saved = func(ban.Keys) error { return errors.New("no room") }
	s["d"].gone = true
	result, err := a.client.RotateKeys(t.Context(), admin.RotateRequest{})
	if err != nil || !slices.Equal(result.Nodes, []string{"b"}) || len(result.Missing) != 2 ||
		!strings.HasPrefix(result.Missing[0], "node c: the keys are as before: no room") || result.Missing[1] != "node d does not answer" {
		t.Fatalf("%+v, %v", result, err)
	}
	key := a.bans.Keys()[0].Key
	if keys := b.bans.Keys(); len(keys) != 2 || keys[0].Key != key || len(saved) != 2 || saved[0] != key || saved[1] != (ban.Key{1}) {
		t.Errorf("b has %d keys, %d saved", len(keys), len(saved))
	}
	if keys := s["c"].bans.Keys(); len(keys) != 1 {
		t.Errorf("c has %d keys", len(keys))
	}
	var taken []string
	entries, _, err := audit.Last(b.audited, 0)
	for _, e := range entries {
		taken = append(taken, e.Did+" "+e.On+" "+e.Details["from"])
	}
	if err != nil || !slices.Equal(taken, []string{"keys.take ban a"}) {
		t.Errorf("b's audit log has %v, %v", taken, err)
	}
	result, err = a.client.RotateKeys(t.Context(), admin.RotateRequest{For: admin.KeyAge})
	if err != nil || !slices.Equal(result.Nodes, []string{"b", "c"}) || len(b.passes) != 1 || b.passes[0] != a.passes[0] {
		t.Errorf("of proofs of age: %+v, %v", result, err)
	}
	if result, err = a.client.RotateKeys(t.Context(), admin.RotateRequest{For: admin.KeyVisits}); err == nil {
		t.Errorf("of visits: %+v", result)
	}
	for _, path := range []string{"/visits", "/disclosure", "/relay"} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"key":"`+strings.Repeat("5a", 32)+`"}`))
		w := httptest.NewRecorder()
		b.keys.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), fromKey{}, "a")))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, body := range []string{"{}", `{"key":"zz"}`, `{"key":"00"}`, "x"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/ban", strings.NewReader(body))
		b.keys.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), fromKey{}, "a")))
		if w.Code != http.StatusBadRequest || len(b.bans.Keys()) != 2 {
			t.Errorf("%s: %d, %d keys", body, w.Code, len(b.bans.Keys()))
		}
	}
}
