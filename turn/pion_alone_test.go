package turn

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/turn/v4"
)

// What pion alone makes of what streamListener and streamConn are for. If one of these fails, pion has mended it. What the gate is for
// is in TestGateOff, framing in TestT2PionAloneSpins.

// generator is never asked.
type generator struct{}

func (generator) Validate() error { return nil }
func (generator) AllocatePacketConn(string, int) (net.PacketConn, net.Addr, error) {
	return nil, nil, errNoAddress
}
func (generator) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errNoTCPRelay
}

func pionAlone(t *testing.T, l net.Listener) *pion.Server {
	t.Helper()
	server, err := pion.NewServer(pion.ServerConfig{
		ListenerConfigs: []pion.ListenerConfig{{Listener: l, RelayAddressGenerator: generator{}}},
		LoggerFactory:   quiet{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func TestPionAloneEndsItsListenerOnEMFILE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accept := &emfile{failures: 1, conns: make(chan net.Conn)}
		server := pionAlone(t, accept)
		_, conn := net.Pipe()
		select {
		case accept.conns <- addressed{conn}:
			t.Error("pion goes on accepting after EMFILE")
		case <-time.After(time.Hour):
		}
		server.Close()
	})
}

func TestPionAloneKeepsIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		accept := &emfile{conns: make(chan net.Conn)}
		server := pionAlone(t, accept)
		client, conn := net.Pipe()
		accept.conns <- addressed{conn}
		client.SetReadDeadline(time.Now().Add(24 * time.Hour))
		var timeout net.Error
		if _, err := client.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("a day of silence ended with %v", err)
		}
		server.Close()
		client.SetReadDeadline(time.Now().Add(24 * time.Hour))
		if _, err := client.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("after Close the connection ended with %v", err)
		}
		client.Close()
	})
}
