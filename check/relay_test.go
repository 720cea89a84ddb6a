package check_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/turn"
)

// forward passes datagrams between clients and a server, if pass lets them.
func forward(t *testing.T, server string, pass func(size int) bool) net.Addr {
	t.Helper()
	front := listenUDP(t)
	go func() {
		backs := make(map[string]net.Conn)
		buffer := make([]byte, 2000)
		for {
			n, from, err := front.ReadFrom(buffer)
			if err != nil {
				for _, back := range backs {
					back.Close()
				}
				return
			}
			back := backs[from.String()]
			if back == nil {
				if back, err = net.Dial("udp", server); err != nil {
					return
				}
				backs[from.String()] = back
				go func() {
					buffer := make([]byte, 2000)
					for {
						n, err := back.Read(buffer)
						if err != nil {
							return
						}
						front.WriteTo(buffer[:n], from)
					}
				}()
			}
			if pass(n) {
				back.Write(buffer[:n])
			}
		}
	}()
	return front.LocalAddr()
}

func lossySite(t *testing.T, pass func(size int) bool) *site {
	return newSite(t, setup{transports: []string{"udp"}, urls: func(relay *turn.Server) []string {
		return []string{turnURL(forward(t, relay.Addrs()[0].String(), pass), "udp")}
	}})
}

func TestLoss(t *testing.T) {
	var large atomic.Int32
	s := lossySite(t, func(size int) bool { return size < 1000 || large.Add(1)%10 != 5 })
	r := run(t, s.URL, nil)
	failures(t, r)
	expect(t, r, "relay udp-udp", check.Warning, " of 20 packets", "get lost")
}

func TestLargePacketsAreLost(t *testing.T) {
	s := lossySite(t, func(size int) bool { return size < 1000 })
	r := run(t, s.URL, nil)
	failures(t, r, "relay udp-udp")
	expect(t, r, "relay udp-udp", check.Failed, "small packets come back, but none of 20", "MTU")
}
