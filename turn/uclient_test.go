package turn_test

import (
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/turn"
)

var (
	lostPackets = regexp.MustCompile(`Total lost packets (\d+)`)
	received    = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)
)

// A real client, coturn's, against open mode over every transport, without loss.
func TestTurnutilsUclient(t *testing.T) {
	uclient, err := exec.LookPath("turnutils_uclient")
	if err != nil {
		t.Skip("turnutils_uclient is missing: make deps installs it (Debian package coturn)")
	}
	six := netip.IPv6Loopback()
	f := newFixture(t, openOptions(func(o *turn.Open) { o.Relay = []netip.Addr{loopback, six} }))
	conn6, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ServeUDP(conn6); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		server string
		flags  []string
	}{
		"UDP":              {f.udp, nil},
		"UDP, indications": {f.udp, []string{"-s"}},
		"TCP":              {f.tcp, []string{"-t"}},
		"TLS":              {f.tls, []string{"-t", "-S"}},
		"DTLS":             {f.dtls, []string{"-S"}},
		"IPv6 relay":       {f.udp, []string{"-x"}},
		"IPv6 client":      {conn6.LocalAddr().String(), nil},
		"IPv6 both":        {conn6.LocalAddr().String(), []string{"-x"}},
		"padding":          {f.udp, []string{"-D"}},
		"more requests":    {f.udp, []string{"-G"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each takes its time to say goodbye
			host, port, err := net.SplitHostPort(test.server)
			if err != nil {
				t.Fatal(err)
			}
			// Four clients, in pairs; -c: without the RTCP reservations that pion lacks.
			args := append([]string{"-y", "-c", "-m", "4", "-n", "50", "-l", "500", "-z", "20", "-u", "static", "-w", "password", "-p", port}, test.flags...)
			out, err := exec.CommandContext(t.Context(), uclient, append(args, host)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lost := lostPackets.FindAllSubmatch(out, -1)
			counts := received.FindAllSubmatch(out, -1)
			if len(lost) == 0 || len(counts) == 0 {
				t.Fatalf("no result in\n%s", out)
			}
			last := counts[len(counts)-1]
			if n := string(lost[len(lost)-1][1]); n != "0" || string(last[2]) != "200" {
				t.Errorf("lost %s, received %s of %s\n%s", n, last[2], last[1], tail(string(out)))
			}
		})
	}
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
