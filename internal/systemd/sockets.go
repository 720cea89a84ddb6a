package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// Sockets are the listening sockets that systemd opened for the daemon
// (systemd.socket(5)). Clients that come while no daemon runs wait in them for
// the next one. They are told apart by their addresses, so one socket unit may
// hold all of them. A nil *Sockets has none. It is not safe for concurrent use.
type Sockets struct {
	passed []*passed
	wanted []wanted
}

// passed is a socket, and whether a listener of the daemon has it.
type passed struct {
	unit     string // or FileDescriptorName=
	listener net.Listener
	taken    bool
}

func (p *passed) String() string {
	return p.listener.Addr().Network() + " " + p.listener.Addr().String()
}

// wanted is where the daemon listens by its settings.
type wanted struct{ key, address string }

// Passed takes over the sockets that were passed to this process. Child processes
// get none of them. Datagram sockets are refused: the relay opens its own, which
// it has to close for good before it can end.
func Passed() (*Sockets, error) {
	s := new(Sockets)
	for _, file := range activation.Files(true) {
		listener, err := net.FileListener(file)
		unit := file.Name()
		file.Close() // FileListener has duplicated it
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: a socket that it passes cannot be listened on: %w; keep ListenStream= lines only (UDP is opened by the daemon itself), without Accept=yes", unit, err), s.Close())
		}
		s.passed = append(s.passed, &passed{unit: unit, listener: listener})
	}
	return s, nil
}

// Close closes what no listener has taken. systemd has its own copies still.
func (s *Sockets) Close() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, p := range s.passed {
		if !p.taken {
			p.taken = true
			errs = append(errs, p.listener.Close())
		}
	}
	return errors.Join(errs...)
}

// Listen listens on a TCP address, host:port, on behalf of a key of the settings: on the
// socket of that address that was passed, or on one of its own.
func (s *Sockets) Listen(key, address string) (net.Listener, error) {
	if l := s.take(key, address, func(have net.Addr) bool { return sameTCP(have, address) }); l != nil {
		return l, nil
	}
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		if p := s.onPort(address); p != nil {
			return nil, fmt.Errorf("%w: %s has %v; write the same address in both, ListenStream= there and %s", err, p.unit, p, key)
		}
	case errors.Is(err, syscall.EACCES) && listensLow(address):
		return nil, fmt.Errorf("%w: a port below 1024 is opened for the daemon by its socket unit; write ListenStream= for %s there (`joingyd config sockets` prints it), and start that first: systemctl start joingyd.socket joingyd", err, key)
	}
	return listener, err
}

// Unix returns the socket at this path that was passed, or nil.
func (s *Sockets) Unix(key, path string) net.Listener {
	return s.take(key, path, func(have net.Addr) bool { return have.Network() == "unix" && have.String() == path })
}

func (s *Sockets) take(key, address string, same func(net.Addr) bool) net.Listener {
	if s == nil {
		return nil
	}
	s.wanted = append(s.wanted, wanted{key, address})
	for _, p := range s.passed {
		if !p.taken && same(p.listener.Addr()) {
			p.taken = true
			return p.listener
		}
	}
	return nil
}

// Unused tells of each socket that no listener has taken: clients that come to it
// wait in vain. It is asked when everything listens.
func (s *Sockets) Unused() (warnings []string) {
	if s == nil {
		return nil
	}
	for _, p := range s.passed {
		if p.taken {
			continue
		}
		var keys []string
		for _, w := range s.wanted {
			if samePort(p.listener.Addr(), w.address) {
				keys = []string{fmt.Sprintf("%s is %q", w.key, w.address)}
				break
			}
			keys = append(keys, fmt.Sprintf("%s is %q", w.key, w.address))
		}
		warnings = append(warnings, fmt.Sprintf("%s passes %v, and nothing is set to listen there (%s): whoever connects waits in vain; make its ListenStream= and the setting agree (`joingyd config sockets` prints the lines)",
			p.unit, p, strings.Join(keys, ", ")))
	}
	return warnings
}

// onPort returns the socket that was passed with the port of address, or nil.
func (s *Sockets) onPort(address string) *passed {
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(s.passed, func(p *passed) bool { return samePort(p.listener.Addr(), address) })
	if i < 0 {
		return nil
	}
	return s.passed[i]
}

// sameTCP reports whether a socket is where net.Listen would make it for address. Every
// address is written [::] by systemd, and as no host in ours.
func sameTCP(have net.Addr, address string) bool {
	at, ok := have.(*net.TCPAddr)
	want, err := net.ResolveTCPAddr("tcp", address)
	if !ok || err != nil || at.Port != want.Port {
		return false
	}
	if want.IP == nil {
		return at.IP.IsUnspecified()
	}
	return at.IP.Equal(want.IP) && at.Zone == want.Zone
}

func samePort(have net.Addr, address string) bool {
	at, ok := have.(*net.TCPAddr)
	want, err := net.ResolveTCPAddr("tcp", address)
	return ok && err == nil && at.Port == want.Port
}

func listensLow(address string) bool {
	at, err := net.ResolveTCPAddr("tcp", address)
	return err == nil && at.Port > 0 && at.Port < 1024 && os.Geteuid() != 0
}
