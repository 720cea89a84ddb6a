package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

// What may be asked of another node is there to be asked, and nothing else is answered.
func TestForwardable(t *testing.T) {
	bans, err := ban.Open(filepath.Join(t.TempDir(), "joingyd.db"), ban.Keys{{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bans.Close() })
	s := NewServer(NewService(bans, nil), nil)
	for _, pattern := range forwardable {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path)
		if _, got := s.mux.Handler(httptest.NewRequest(method, path, nil)); got != pattern {
			t.Errorf("%s is %q", pattern, got)
		}
	}
	handler := s.Forwarded(func(ctx context.Context) string { return "a" })
	for _, other := range []string{
		"GET /v1/backup", "GET /v1/keys", "POST /v1/keys/rotate", "POST /v1/desk/login", "POST /v1/disclosures", "POST /v1/disclosures/x/sign", "GET /v1/disclosures/key",
		"GET /v1/bans/export", "POST /v1/bans/import", "POST /v1/images/import", "POST /v1/cluster/drain", "GET /v1/nodes/b/sessions", "GET /debug/pprof/", "GET /none",
	} {
		method, path, _ := strings.Cut(other, " ")
		for _, by := range []string{"ann", "", "two words", strings.Repeat("x", 65)} {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set(byHeader, by)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if want := map[bool]int{true: http.StatusForbidden, false: http.StatusBadRequest}[by == "ann"]; w.Code != want {
				t.Errorf("%s by %q is answered %d, %s", other, by, w.Code, w.Body)
			}
		}
	}
}
