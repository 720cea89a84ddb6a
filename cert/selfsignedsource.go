package cert

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// renewAgain is how long a renewal that failed is left alone.
const renewAgain = time.Hour

// SelfSignedSource serves a self-signed certificate, and makes the next one on the
// first handshake of its last month. Where that fails it keeps what it has and
// tries again, once an hour at most. Connections under way keep theirs. Its methods
// may be called at the same time.
type SelfSignedSource struct {
	path    string
	log     *slog.Logger
	current atomic.Pointer[tls.Certificate]

	mu       sync.Mutex // held while the next one is made
	nextTime time.Time  // guarded by mu; no attempt before, since one has failed
}

// SelfSigned returns a source of the self-signed certificate in the file at path.
// It makes one, for this machine's names and addresses, where there is none that
// is good for another month. Key and certificate share the file, mode 0600. A nil
// log is none.
func SelfSigned(path string, log *slog.Logger) (*SelfSignedSource, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	certificate, err := loadOrMake(path, time.Now())
	if err != nil {
		return nil, err
	}
	s := &SelfSignedSource{path: path, log: log}
	s.current.Store(&certificate)
	return s, nil
}

// GetCertificate is for tls.Config. It never fails, and does not need the hello:
// it may be nil. While one handshake makes the next certificate the others get the
// old one, and do not wait.
func (s *SelfSignedSource) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if now := time.Now(); ageing(s.current.Load(), now) && s.mu.TryLock() {
		s.renewLocked(now)
		s.mu.Unlock()
	}
	return s.current.Load(), nil
}

func (s *SelfSignedSource) renewLocked(now time.Time) {
	old := s.current.Load()
	if !ageing(old, now) || now.Before(s.nextTime) { // another handshake was first
		return
	}
	certificate, err := loadOrMake(s.path, now)
	if err != nil {
		s.nextTime = now.Add(renewAgain)
		s.log.Error("the self-signed certificate cannot be renewed, the old one is kept",
			"expires", old.Leaf.NotAfter, "error", err, "retrying_in", renewAgain)
		return
	}
	s.current.Store(&certificate)
	s.log.Info("self-signed certificate renewed: visitors see the browser's warning again",
		"file", s.path, "expires", certificate.Leaf.NotAfter)
}
