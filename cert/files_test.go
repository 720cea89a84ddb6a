package cert_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/cert"
)

// files is a pair of files, a source of it and what that says.
type files struct {
	certPath, keyPath string
	source            *cert.FileSource
	log               *logText
}

type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// take returns what was logged since the last take.
func (l *logText) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func (l *logText) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func newFiles(t *testing.T, first issued) *files {
	t.Helper()
	dir := t.TempDir()
	f := &files{certPath: filepath.Join(dir, "cert.pem"), keyPath: filepath.Join(dir, "key.pem"), log: &logText{}}
	f.write(t, first)
	source, err := cert.Files(f.certPath, f.keyPath, f.log.logger())
	if err != nil {
		t.Fatal(err)
	}
	f.source = source
	return f
}

func (f *files) write(t *testing.T, pair issued) {
	t.Helper()
	write(t, f.keyPath, pair.key)
	write(t, f.certPath, pair.cert)
}

// serves checks what is served two seconds on, and what the log says of it.
func (f *files) serves(t *testing.T, want issued, logged string) {
	t.Helper()
	for range 2 { // the second look must not log again
		time.Sleep(time.Second)
		got, err := f.source.GetCertificate(nil)
		if err != nil || !got.Leaf.Equal(want.leaf) {
			t.Errorf("served %v (%v), want %v", got.Leaf.SerialNumber, err, want.leaf.SerialNumber)
		}
	}
	if expiry := f.source.Expiry(); !expiry.Equal(want.leaf.NotAfter) {
		t.Errorf("Expiry = %v, want %v", expiry, want.leaf.NotAfter)
	}
	text := f.log.take()
	if lines := strings.Count(text, "\n"); logged == "" && lines > 0 || logged != "" && (lines != 1 || !strings.Contains(text, logged)) {
		t.Errorf("logged %q, want one line with %q", text, logged)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		day := 24 * time.Hour
		old := issue(t, now.Add(-day), now.Add(10*day))
		renewed := issue(t, now.Add(-day), now.Add(90*day))
		expired := issue(t, now.Add(-2*day), now.Add(-day))
		later := issue(t, now.Add(day), now.Add(90*day))
		f := newFiles(t, old)
		f.serves(t, old, "")

		write(t, f.certPath, renewed.cert[:len(renewed.cert)/2])
		f.serves(t, old, "renamed")
		write(t, f.certPath, renewed.cert)
		f.serves(t, old, "private key does not match")
		write(t, f.keyPath, renewed.key[:10])
		f.serves(t, old, "renamed")
		write(t, f.keyPath, renewed.key)
		f.serves(t, renewed, "certificate taken")
		f.serves(t, renewed, "")

		if err := os.Chmod(f.keyPath, 0o644); err != nil {
			t.Fatal(err)
		}
		f.serves(t, renewed, "chmod")
		if err := os.Chmod(f.keyPath, 0o600); err != nil {
			t.Fatal(err)
		}
		f.serves(t, renewed, "")
		if err := os.Remove(f.keyPath); err != nil {
			t.Fatal(err)
		}
		f.serves(t, renewed, "no such file")
		f.write(t, expired)
		f.serves(t, renewed, "it expired on")

		f.write(t, later)
		f.serves(t, renewed, "valid only from")
		time.Sleep(day)
		f.serves(t, later, "certificate taken")

		// By rename, and by pointing a link elsewhere.
		next := f.certPath + ".next"
		write(t, next, old.cert)
		write(t, f.keyPath+".next", old.key)
		if err := os.Rename(f.keyPath+".next", f.keyPath); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(f.certPath); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(next, f.certPath); err != nil {
			t.Fatal(err)
		}
		f.serves(t, old, "certificate taken")
	})
}

func TestFilesAtStart(t *testing.T) {
	now := time.Now()
	good := issue(t, now.Add(-time.Hour), now.Add(time.Hour))
	other := issue(t, now.Add(-time.Hour), now.Add(time.Hour))
	expired := issue(t, now.Add(-2*time.Hour), now.Add(-time.Hour))
	tests := []struct {
		name      string
		cert, key []byte
		mode      os.FileMode
		wantErr   string
		wantLog   string
	}{
		{name: "good", cert: good.cert, key: good.key, mode: 0o600},
		{name: "group may read", cert: good.cert, key: good.key, mode: 0o640},
		{name: "all may read", cert: good.cert, key: good.key, mode: 0o644, wantErr: "chmod"},
		{name: "all may write", cert: good.cert, key: good.key, mode: 0o602, wantErr: "chmod"},
		{name: "expired", cert: expired.cert, key: expired.key, mode: 0o600, wantLog: "it expired on"},
		{name: "key of another", cert: good.cert, key: other.key, mode: 0o600, wantErr: "private key does not match"},
		{name: "no certificate", cert: good.key, key: good.key, mode: 0o600, wantErr: "cert.pem"},
		{name: "chain cut", cert: append(slices.Clip(good.cert), other.cert[:200]...), key: good.key, mode: 0o600, wantErr: "middle of a PEM block"},
		{name: "empty", cert: nil, key: nil, mode: 0o600, wantErr: "cert.pem"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			certPath, keyPath := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			write(t, certPath, test.cert)
			write(t, keyPath, test.key)
			if err := os.Chmod(keyPath, test.mode); err != nil {
				t.Fatal(err)
			}
			var log logText
			source, err := cert.Files(certPath, keyPath, log.logger())
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error = %v, want one with %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := source.GetCertificate(nil); err != nil || got == nil {
				t.Errorf("GetCertificate = %v, %v", got, err)
			}
			if text := log.take(); (text == "") != (test.wantLog == "") || !strings.Contains(text, test.wantLog) {
				t.Errorf("logged %q, want %q", text, test.wantLog)
			}
		})
	}
	if _, err := cert.Files("missing.pem", "missing.pem", nil); err == nil {
		t.Error("missing files were taken")
	}
}

func TestCutChainIsNoticed(t *testing.T) {
	first := issue(t, time.Now(), time.Now()).cert
	chain := append(append([]byte("a comment - here\n"), first...), issue(t, time.Now(), time.Now()).cert...)
	if err := cert.WholePEM(chain); err != nil {
		t.Errorf("whole: %v", err)
	}
	boundary := len("a comment - here\n") + len(first)
	for cut := range chain {
		harmless := cut < len("a comment - here\n")+1 || cut == boundary-1 || cut == boundary || cut == len(chain)-1 // between blocks, but for a line's end
		if err := cert.WholePEM(chain[:cut]); (err == nil) != harmless {
			t.Errorf("cut at %d of %d: %v", cut, len(chain), err)
		}
	}
}

func TestFilesMayBeOne(t *testing.T) {
	pair := issue(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	path := filepath.Join(t.TempDir(), "both.pem")
	write(t, path, append(pair.key, pair.cert...))
	source, err := cert.Files(path, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := source.GetCertificate(&tls.ClientHelloInfo{}); !got.Leaf.Equal(pair.leaf) {
		t.Error("another certificate is served")
	}
}

func BenchmarkFilesGetCertificate(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "both.pem")
	if _, err := cert.SelfSigned(path, nil); err != nil {
		b.Fatal(err)
	}
	source, err := cert.Files(path, path, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.GetCertificate(nil); err != nil {
			b.Fatal(err)
		}
	}
}
