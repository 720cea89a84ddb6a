package cert

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	checkInterval = time.Second     // between looks at the files
	settleTime    = 2 * time.Second // a file this young may change without its time telling
)

// FileSource serves the certificate in two PEM files, which others renew. It looks
// at them on a handshake, once a second at most, and takes what is new when it is
// whole, matches and is valid; until then, and if that never comes, it keeps what
// it has. Connections under way keep theirs. Its methods may be called at the same
// time.
type FileSource struct {
	certPath, keyPath string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]
	nextCheck         atomic.Int64 // Unix nanoseconds

	mu      sync.Mutex // held while looking at the files
	settled *pair      // guarded by mu; the files as they were when last read for good, else nil
	told    *pair      // guarded by mu; the files of which the log has spoken
}

// Files returns a source of the certificate chain and the key in these PEM files;
// both may be one. It fails where they are missing, damaged or do not match, and
// where anybody may read the key. An expired certificate is served, with a
// warning: a site must start. A nil log is none.
func Files(certPath, keyPath string, log *slog.Logger) (*FileSource, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &FileSource{certPath: certPath, keyPath: keyPath, log: log}
	certificate, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if problem := validity(certificate, time.Now()); problem != "" {
		log.Warn("the certificate is not valid now: browsers will refuse it; renew it, the new one is taken without a restart",
			"file", certPath, "problem", problem)
	}
	f.current.Store(certificate)
	return f, nil
}

// GetCertificate is for tls.Config. It never fails, and does not need the hello:
// it may be nil.
func (f *FileSource) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := time.Now()
	next := f.nextCheck.Load()
	due := now.Sub(time.Unix(0, next)).Abs() >= checkInterval || now.UnixNano() >= next // a clock may be set back
	if due && f.nextCheck.CompareAndSwap(next, now.Add(checkInterval).UnixNano()) {
		f.check(now)
	}
	return f.current.Load(), nil
}

// TLSConfig returns a new configuration that serves the certificate.
func (f *FileSource) TLSConfig() *tls.Config { return &tls.Config{GetCertificate: f.GetCertificate} }

// Expiry returns until when the certificate that is served is valid.
func (f *FileSource) Expiry() time.Time { return f.current.Load().Leaf.NotAfter }

// check takes what is new in the files.
func (f *FileSource) check(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, err := f.stat()
	if err != nil {
		f.keep(before, err.Error())
		return
	}
	if before.same(f.settled) {
		return
	}
	f.settled = nil
	certificate, err := f.read()
	if err != nil {
		f.keep(before, err.Error())
		return
	}
	current := f.current.Load()
	if slices.EqualFunc(certificate.Certificate, current.Certificate, bytes.Equal) {
		f.settle(before, now)
		return
	}
	if problem := validity(certificate, now); problem != "" && validity(current, now) == "" {
		f.keep(before, problem)
		return
	}
	f.current.Store(certificate)
	f.settle(before, now)
	f.told = nil
	f.log.Info("certificate taken", "file", f.certPath, "expires", certificate.Leaf.NotAfter)
}

// keep says once for each change why what is in the files is not taken. It is
// looked at again and again: the other half may come, or its first day.
func (f *FileSource) keep(files *pair, problem string) {
	if files.same(f.told) {
		return
	}
	f.told = files
	f.log.Warn("the certificate files are not taken, the old certificate is kept; write a valid pair, best under other names and then renamed",
		"cert_file", f.certPath, "key_file", f.keyPath, "problem", problem, "old_expires", f.Expiry())
}

// settle notes that the files were read for good, unless they are so young that
// they may change again with the same time and size, or changed meanwhile.
func (f *FileSource) settle(before *pair, now time.Time) {
	after, err := f.stat()
	if err != nil || !after.same(before) {
		return
	}
	for _, file := range []fs.FileInfo{before.cert, before.key} {
		if now.Sub(file.ModTime()).Abs() < settleTime {
			return
		}
	}
	f.settled = before
}

// stat follows links: some tools renew by pointing them elsewhere.
func (f *FileSource) stat() (*pair, error) {
	cert, certErr := os.Stat(f.certPath)
	key, keyErr := os.Stat(f.keyPath)
	return &pair{cert, key}, errors.Join(certErr, keyErr)
}

func (f *FileSource) read() (*tls.Certificate, error) {
	if err := private(f.keyPath); err != nil {
		return nil, err
	}
	certText, err := os.ReadFile(f.certPath)
	if err != nil {
		return nil, err
	}
	keyText, err := os.ReadFile(f.keyPath)
	if err != nil {
		return nil, err
	}
	if err := wholePEM(certText); err != nil {
		return nil, fmt.Errorf("%s: %w", f.certPath, err)
	}
	certificate, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", f.certPath, f.keyPath, err)
	}
	return &certificate, nil
}

// private returns an error where anybody may read the key.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("%s has mode %04o: everybody on this machine may use the key; chmod 0640 or 0600", path, info.Mode().Perm())
	}
	return nil
}

// validity returns what is wrong with the certificate's time, or nothing.
func validity(certificate *tls.Certificate, now time.Time) string {
	switch leaf := certificate.Leaf; {
	case now.After(leaf.NotAfter):
		return "it expired on " + leaf.NotAfter.UTC().Format(time.DateTime) + " UTC"
	case now.Before(leaf.NotBefore):
		return "it is valid only from " + leaf.NotBefore.UTC().Format(time.DateTime) + " UTC"
	default:
		return ""
	}
}
