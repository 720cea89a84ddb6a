package cert_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/joingyd/joingyd/front"
)

// domain is the test's. newCA makes another each time: certmagic remembers for the
// life of the process for which name a renewal has failed, and waits.
var domain = "chat.example.com"

// serve runs a site at the listener as the daemon does: HTTP and TURN behind one
// TLS port. It returns what ends it.
func serve(t *testing.T, listener net.Listener, config *tls.Config) (stop func()) {
	t.Helper()
	splitter := front.New(listener, front.Options{TLS: config})
	server := &http.Server{Handler: http.NotFoundHandler()}
	var running sync.WaitGroup
	running.Go(func() {
		if err := splitter.Run(context.Background()); err != nil {
			t.Errorf("front: %v", err)
		}
	})
	running.Go(func() {
		if err := server.Serve(splitter.HTTP()); err != http.ErrServerClosed {
			t.Errorf("http: %v", err)
		}
	})
	var once sync.Once
	stop = func() {
		once.Do(func() {
			server.Close()
			splitter.Close()
			running.Wait()
		})
	}
	t.Cleanup(stop)
	return stop
}

// shown makes a handshake with the site and returns its certificates.
func shown(addr string) ([]*x509.Certificate, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", addr, &tls.Config{
		ServerName:         domain,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: true, // the callers verify
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates, nil
}

// valid reports whether a browser that trusts the roots takes the chain now.
func valid(chain []*x509.Certificate, roots *x509.CertPool) bool {
	intermediates := x509.NewCertPool()
	for _, link := range chain[1:] {
		intermediates.AddCert(link)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: domain, Roots: roots, Intermediates: intermediates})
	return err == nil
}

// visitors make handshakes one after the other until they are told to end.
type visitors struct {
	addr   string
	accept func(chain []*x509.Certificate) bool
	ended  context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	visits  int // guarded by mu
	failed  int // guarded by mu; handshakes
	refused int // guarded by mu; certificates
	lastErr error
}

func visit(t *testing.T, addr string, accept func(chain []*x509.Certificate) bool) *visitors {
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitors{addr: addr, accept: accept, ended: cancel, done: make(chan struct{})}
	go func() {
		defer close(v.done)
		for ctx.Err() == nil {
			chain, err := shown(addr)
			v.mu.Lock()
			v.visits++
			if err != nil {
				v.failed++
				v.lastErr = err
			} else if !accept(chain) {
				v.refused++
			}
			v.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-v.done
	})
	return v
}

// end ends the visits and checks that every handshake passed.
func (v *visitors) end(t *testing.T, what string) {
	t.Helper()
	v.ended()
	<-v.done
	if v.failed > 0 || v.refused > 0 || v.visits == 0 {
		t.Errorf("%s: of %d handshakes %d failed (%v), %d showed a wrong certificate", what, v.visits, v.failed, v.lastErr, v.refused)
	}
	t.Logf("figure: %s: %d handshakes, %d failed, %d certificates refused", what, v.visits, v.failed, v.refused)
}

func (v *visitors) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.visits
}
