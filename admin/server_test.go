package admin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
)

// serve runs a server on a socket of its own until the test ends.
func serve(t *testing.T, f *fixture) (path string) {
	t.Helper()
	path = socketPath(t)
	ln, err := admin.Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- admin.NewServer(f.Service, nil).Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	return path
}

// socketPath returns a path that is short enough for a socket.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "joingyd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "admin.sock")
}

func connect(t *testing.T, path string) *admin.Client {
	t.Helper()
	client, err := admin.Connect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestClientAndServer(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	ctx := t.Context()
	f.live.join("203.0.113.7")
	kicked := f.live.join("198.51.100.1")

	made, err := client.Ban(ctx, admin.BanRequest{Target: "203.0.113.7", Reason: "spam", Note: "n", KeepAddress: true, By: "mallory"})
	if err != nil || made.EndedSessions != 1 || made.Ban.Address != "203.0.113.7" || made.Ban.Note != "n" {
		t.Fatalf("Ban = %+v, %v", made, err)
	}
	if me, err := user.Current(); runtime.GOOS == "linux" && err == nil && made.Ban.By != me.Username {
		t.Errorf("by = %q, want what the kernel says, %q", made.Ban.By, me.Username)
	}
	if list, err := client.Bans(ctx, admin.BansRequest{}); err != nil || len(list.Bans) != 1 || list.Bans[0] != made.Ban {
		t.Errorf("Bans = %+v, %v; want %+v", list, err, made.Ban)
	}
	if check, err := client.Check(ctx, admin.CheckRequest{Address: "::ffff:203.0.113.7"}); err != nil || !check.Banned || *check.Ban != made.Ban {
		t.Errorf("Check = %+v, %v", check, err)
	}
	if _, err := client.Kick(ctx, admin.KickRequest{Session: kicked.String(), Reason: "No advertising."}); err != nil || !slices.Equal(f.live.kicked, []string{"No advertising."}) {
		t.Errorf("Kick: %v", err)
	}
	status, err := client.Status(ctx)
	live := f.live.Status()
	want := admin.Status{Version: "1.2.3", Started: noon.Truncate(time.Second), Bans: 1, LiveStatus: live}
	if err != nil || !reflect.DeepEqual(status, want) {
		t.Errorf("Status = %+v, %v; want %+v", status, err, want)
	}
	if gone, err := client.Unban(ctx, admin.UnbanRequest{ID: made.Ban.ID.String()}); err != nil || gone.Ban != made.Ban {
		t.Errorf("Unban = %+v, %v; want %+v", gone, err, made.Ban)
	}
	_, err = client.Unban(ctx, admin.UnbanRequest{Target: "203.0.113.7"})
	wantError(t, "second Unban", err, admin.CodeNotFound, "no ban is on")
	_, err = client.Kick(ctx, admin.KickRequest{Session: ident.NewSession().String()})
	wantError(t, "Kick of nobody", err, admin.CodeNotFound, "is not live")
	_, err = client.Ban(ctx, admin.BanRequest{Target: "127.0.0.1"})
	wantError(t, "loopback", err, admin.CodeNeedsForce, "--force")
}

func TestServerRefuses(t *testing.T) {
	path := serve(t, newFixture(t))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	tests := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/bans", `{"target":"203.0.113.7","adress":"x"}`, 400, `unknown field \"adress\"`},
		{"POST", "/v1/bans", `{"target":"203.0.113.7","By":"mallory"}`, 400, `unknown field \"By\"`},
		{"POST", "/v1/bans", `{"target":"203.0.113.7"} {}`, 400, "goes on after"},
		{"POST", "/v1/bans", `{"target":7}`, 400, "target"},
		{"POST", "/v1/bans", ``, 400, "cannot be read"},
		{"POST", "/v1/bans", `{"note":"` + strings.Repeat("x", 20<<10) + `"}`, 400, "too large"},
		{"POST", "/v1/bans?dry_run=1", `{"target":"203.0.113.7"}`, 400, "dry_run"},
		{"POST", "/v1/bans", `{"target":"127.0.0.1"}`, 409, `"code":"needs_force"`},
		{"DELETE", "/v1/bans", "", 400, "either"},
		{"DELETE", "/v1/bans?target=203.0.113.7&target=203.0.113.8", "", 400, "twice"},
		{"DELETE", "/v1/bans?address=203.0.113.7", "", 400, "address"},
		{"DELETE", "/v1/bans?id=aaaaaaaa", "", 404, `"code":"not_found"`},
		{"DELETE", "/v1/bans?target=203.0.113.7&scope=audio", "", 400, "write all, video or relay"},
		{"GET", "/v1/bans?sort=ends", "", 400, "add a limit"},
		{"GET", "/v1/bans?reverse=1", "", 400, "write true or false"},
		{"GET", "/v1/bans?sort=name&limit=1", "", 400, "write created, ends or by"},
		{"GET", "/v1/bans?permanent=1", "", 400, "permanent is \\\"1\\\"; write true or false"},
		{"GET", "/v1/bans?limit=many", "", 400, "write a whole number"},
		{"GET", "/v1/bans?limit=100001", "", 400, "at most 100000"},
		{"GET", "/v1/bans/check", "", 400, "is not an address"},
		{"GET", "/v1/bans?x=%zz", "", 400, "cannot be read"},
		{"GET", "/v1/sessions?state=asleep", "", 400, "one of idle, waiting, chatting, away"},
		{"GET", "/v1/sessions?sort=name", "", 400, "one of age, reports"},
		{"GET", "/v1/sessions?limit=0", "", 400, "from 1 to 100000"},
		{"GET", "/v1/sessions?limit=100001", "", 400, "from 1 to 100000"},
		{"GET", "/v1/sessions?limit=x", "", 400, "from 1 to 100000"},
		{"GET", "/v1/sessions?partner=x", "", 400, "partner"},
		{"GET", "/v1/relay?addresses=1", "", 400, "write true or false"},
		{"GET", "/v1/relay?session=x", "", 400, "26 characters"},
		{"GET", "/v1/relay/x?session=x", "", 400, "session"},
		{"DELETE", "/v1/relay", "", 400, "either"},
		{"POST", "/v1/relay/drain", `{"deadline":60}`, 400, "deadline"},
		{"POST", "/v1/relay/drain", `{}`, 503, `"code":"unavailable"`},
		{"PUT", "/v1/bans", "", 404, "does not know PUT"},
		{"GET", "/", "", 404, `"code":"not_found"`},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://joingyd"+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("%s %s %.60s: %d %s, %v; want %d with %s", tt.method, tt.path, tt.body, resp.StatusCode, body, err, tt.status, tt.want)
		}
	}
}

func TestListen(t *testing.T) {
	path := socketPath(t)
	ln, err := admin.Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := admin.Listen(path, ""); !errors.Is(err, admin.ErrRunning) {
		t.Errorf("second Listen: %v, want ErrRunning", err)
	}
	ln.SetUnlinkOnClose(false) // as if killed
	ln.Close()
	if _, err := admin.Connect(t.Context(), path); !errors.Is(err, admin.ErrNoDaemon) {
		t.Errorf("Connect to a stale socket: %v, want ErrNoDaemon", err)
	}
	if ln, err = admin.Listen(path, ""); err != nil {
		t.Fatalf("Listen over a stale socket: %v", err)
	}
	ln.Close()
	if _, err := admin.Connect(t.Context(), path); !errors.Is(err, admin.ErrNoDaemon) {
		t.Errorf("Connect to no socket: %v, want ErrNoDaemon", err)
	}
}

func TestListenRefuses(t *testing.T) {
	path := socketPath(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		path:                                    "is no socket",
		filepath.Join(path+".no", "admin.sock"): "write in its directory",
		"/" + strings.Repeat("x", 120):          "choose a shorter one",
	} {
		if _, err := admin.Listen(path, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(%s): %v, want an error with %q", path, err, want)
		}
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("the file that was there: %q, %v", content, err)
	}
}
