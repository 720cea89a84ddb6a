package admin

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

// Over TCP the admin's own address is known without being told.
func TestOwnAddressOfAConnection(t *testing.T) {
	store, err := ban.Open(filepath.Join(t.TempDir(), "joingyd.db"), ban.Keys{{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	server := NewServer(NewService(store, nil), nil)
	for _, tt := range []struct {
		from string
		want int
	}{
		{"203.0.113.7:4711", http.StatusConflict},
		{"[::ffff:203.0.113.7]:4711", http.StatusConflict},
		{"203.0.113.8:4711", http.StatusOK},
		{"@", http.StatusOK}, // a socket
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1/bans", strings.NewReader(`{"target":"203.0.113.7","dry_run":true}`))
		r.RemoteAddr = tt.from
		w := httptest.NewRecorder()
		server.mux.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("from %s: %d %s, want %d", tt.from, w.Code, w.Body, tt.want)
		}
	}
}
