package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v4"
)

// somewhere stands for the server in pion, which knows IPv4 only: a wire has one
// peer whatever its address is. It is an address for documents (RFC 5737).
var somewhere = &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 3478}

// turnClient is a connection to a TURN server with pion's client on it.
type turnClient struct {
	wire    *wire
	pion    *pion.Client
	pumping sync.WaitGroup
}

// dial connects to the server's address that answered.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(s.addr.String(), s.port)
	if s.transport == "tls" {
		return (&tls.Dialer{Config: unverified(s.host)}).DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, s.transport, address)
}

// newTURNClient takes the connection over.
func (c *checker) newTURNClient(conn net.Conn, s *server) (*turnClient, error) {
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	quiet.ScopeLevels = nil
	stream := s.transport != "udp"
	config := &pion.ClientConfig{
		TURNServerAddr: somewhere.String(),
		Username:       s.user.Username,
		Password:       s.user.Credential,
		LoggerFactory:  quiet,
	}
	if stream {
		config.RTO = 2 * c.Timeout // a stream needs no retransmission
	}
	t := &turnClient{wire: newWire(conn, stream)}
	config.Conn = t.wire
	var err error
	if t.pion, err = pion.NewClient(config); err != nil {
		conn.Close()
		return nil, err
	}
	t.pumping.Go(t.pump)
	return t, nil
}

// pump gives pion what comes, until the connection ends.
func (t *turnClient) pump() {
	defer t.cut()
	buffer := make([]byte, maxFrame)
	for {
		n, err := t.wire.next(buffer)
		if errors.Is(err, syscall.ECONNREFUSED) {
			continue // of one datagram
		}
		if err != nil {
			return
		}
		_, _ = t.pion.HandleInbound(buffer[:n], somewhere) // garbage is no reason to stop listening
	}
}

// cut ends the connection and what waits for an answer on it.
func (t *turnClient) cut() {
	t.wire.Close()
	t.pion.Close()
}

// close cuts, and waits for the pump.
func (t *turnClient) close() {
	t.cut()
	t.pumping.Wait()
}

// during runs a call of pion's, which knows no context: it is cut when ctx ends.
func (t *turnClient) during(ctx context.Context, call func() error) error {
	stop := context.AfterFunc(ctx, t.cut)
	err := call()
	if !stop() {
		return errors.Join(err, ctx.Err())
	}
	if err != nil && strings.Contains(err.Error(), "retransmissions failed") {
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}
