package check_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/turn"
)

func TestNoUDPOffered(t *testing.T) {
	r := run(t, newSite(t, setup{transports: []string{"tcp"}}).URL, nil)
	failures(t, r)
	expect(t, r, "stun udp", check.Warning, "no relay over UDP", "turn.transports")
	expect(t, r, "relay tcp-tcp", check.OK, "", "")
}

func TestNoTCPOffered(t *testing.T) {
	r := run(t, newSite(t, setup{transports: []string{"udp"}}).URL, nil)
	failures(t, r)
	expect(t, r, "stun tcp", check.Warning, "no relay over TCP", "turn.transports")
}

func TestUDPBlocked(t *testing.T) {
	deaf := listenUDP(t) // takes packets and never answers, as a firewall does
	r := run(t, newSite(t, setup{transports: []string{"tcp"}, urls: func(relay *turn.Server) []string {
		return append(relay.URLs("127.0.0.1"), turnURL(deaf.LocalAddr(), "udp"))
	}}).URL, briefly)
	failures(t, r, "stun udp")
	expect(t, r, "stun udp", check.Failed, "no answer in 2s", "Open UDP port")
	expect(t, r, "allocate udp", check.Skipped, "needs stun udp", "")
	expect(t, r, "relay udp-tcp", check.Skipped, "needs allocate udp", "")
	expect(t, r, "relay tcp-tcp", check.OK, "", "")
}

func TestTURNPortClosed(t *testing.T) {
	udp, tcp := listenUDP(t), listenTCP(t)
	udp.Close()
	tcp.Close()
	r := run(t, newSite(t, setup{urls: func(*turn.Server) []string {
		return []string{turnURL(udp.LocalAddr(), "udp"), turnURL(tcp.Addr(), "tcp"), turnURL(tcp.Addr(), "tls")}
	}}).URL, nil)
	failures(t, r, "stun udp", "stun tcp", "stun tls")
	expect(t, r, "stun udp", check.Failed, "connection refused", "Nothing listens on UDP port")
	expect(t, r, "stun tcp", check.Failed, "connection refused", "Nothing listens on TCP port")
	expect(t, r, "stun tls", check.Failed, "connection refused", "Nothing listens on TCP port")
}

// answer is a success response to a request, with one attribute.
func answer(request []byte, attribute uint16, value []byte) []byte {
	m := append([]byte(nil), request[:20]...)
	binary.BigEndian.PutUint16(m, 0x0100|binary.BigEndian.Uint16(request))
	binary.BigEndian.PutUint16(m[2:], uint16(4+(len(value)+3)/4*4))
	m = binary.BigEndian.AppendUint16(m, attribute)
	m = binary.BigEndian.AppendUint16(m, uint16(len(value)))
	return append(m, value...)
}

// garbage is what servers may answer to a Binding request. Its zero-length
// address makes the parser of pion/stun v2 panic.
var garbage = map[string]func(request []byte) []byte{
	"zero-length address": func(r []byte) []byte { return answer(r, 0x20, nil) },
	"cut address":         func(r []byte) []byte { return answer(r, 0x20, []byte{0, 1, 0, 0}) },
	"other family":        func(r []byte) []byte { return answer(r, 0x20, make([]byte, 8)) },
	"no address":          func(r []byte) []byte { return answer(r, 0x8022, []byte("test")) },
	"attribute too long":  func(r []byte) []byte { a := answer(r, 0x20, make([]byte, 8)); a[23] = 200; return a },
	"not STUN":            func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") },
	"wrapping STUN":       func(r []byte) []byte { a := answer(r, 0x20, nil); a[2], a[3] = 0xff, 0xec; return a },
	"wrapping channel":    func([]byte) []byte { return []byte{0x40, 0, 0xff, 0xfc, 0, 0, 0, 0} },
	"empty":               func([]byte) []byte { return nil },
}

func TestGarbageOverUDP(t *testing.T) {
	for name, reply := range garbage {
		t.Run(name, func(t *testing.T) {
			conn := listenUDP(t)
			go func() {
				buffer := make([]byte, 1500)
				for {
					n, from, err := conn.ReadFrom(buffer)
					if err != nil {
						return
					}
					conn.WriteTo(reply(buffer[:n]), from)
				}
			}()
			expectGarbage(t, turnURL(conn.LocalAddr(), "udp"), "stun udp", nil)
		})
	}
}

func TestGarbageOverStreams(t *testing.T) {
	certificate := selfSigned(t)
	for _, transport := range []string{"tcp", "tls"} {
		for name, reply := range garbage {
			t.Run(transport+"/"+name, func(t *testing.T) {
				listener := listenTCP(t)
				url := turnURL(listener.Addr(), transport)
				if transport == "tls" {
					listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}})
				}
				go func() {
					for {
						conn, err := listener.Accept()
						if err != nil {
							return
						}
						go replyOnce(conn, reply)
					}
				}()
				expectGarbage(t, url, "stun "+transport, certificate)
			})
		}
	}
}

func replyOnce(conn net.Conn, reply func([]byte) []byte) {
	defer conn.Close()
	request := make([]byte, 20)
	if _, err := io.ReadFull(conn, request); err == nil {
		conn.Write(reply(request))
	}
}

// expectGarbage checks a site whose one ICE URL leads to garbage: it is neither
// taken for a relay, nor waited for longer than a step may take.
func expectGarbage(t *testing.T, url, step string, certificate *tls.Certificate) {
	t.Helper()
	s := newSite(t, setup{transports: []string{}, certificate: certificate, urls: func(*turn.Server) []string { return []string{url} }})
	r := run(t, s.URL, func(target *check.Target) { briefly(target); target.Insecure = true })
	failures(t, r, step)
	expect(t, r, step, check.Failed, "", "port")
}
