package setup_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/setup"
)

func TestPorts(t *testing.T) {
	acme := answers(setup.ACME).Apply(config.Default())
	busy := acme
	busy.HTTP.Listen, busy.TLS.Listen = "192.0.2.1:8080", "[2001:db8::1]:443"
	busy.TURN.Listen, busy.TURN.Transports = []string{"0.0.0.0:3478", "[::]:3478", "127.0.0.1:99", ":0"}, []string{"udp"}
	busy.TURN.TLSListen = []string{":5349"}
	busy.TURN.Relay, busy.TURN.RelayAddresses, busy.TURN.RelayPorts = "open", []string{"192.0.2.1"}, "50000-50100"
	for _, tt := range []struct {
		name     string
		c        config.Config
		ufw, nft []string
	}{
		{"not set up", config.Default(), nil, nil},
		{"acme", acme,
			[]string{"ufw allow 443/tcp", "ufw allow 3478/udp", "ufw allow 3478/tcp"},
			[]string{"tcp dport { 443, 3478 } accept", "udp dport { 3478 } accept"}},
		{"proxy", answers(setup.Proxy).Apply(config.Default()),
			[]string{"ufw allow 3478/udp", "ufw allow 3478/tcp"},
			[]string{"udp dport { 3478 } accept", "tcp dport { 3478 } accept"}},
		{"self-signed", answers(setup.SelfSigned).Apply(config.Default()),
			[]string{"ufw allow 8080/tcp", "ufw allow 3478/udp", "ufw allow 3478/tcp"},
			[]string{"tcp dport { 8080, 3478 } accept", "udp dport { 3478 } accept"}},
		{"everything", busy,
			[]string{
				"ufw allow proto tcp to 192.0.2.1 port 8080", "ufw allow proto tcp to 2001:db8::1 port 443", "ufw allow 3478/udp",
				"ufw allow 5349/tcp", "ufw allow 5349/udp", "ufw allow proto udp to 192.0.2.1 port 50000:50100",
			},
			[]string{
				"ip daddr 192.0.2.1 tcp dport { 8080 } accept", "ip6 daddr 2001:db8::1 tcp dport { 443 } accept", "udp dport { 3478, 5349 } accept",
				"tcp dport { 5349 } accept", "ip daddr 192.0.2.1 udp dport { 50000-50100 } accept",
			}},
	} {
		ports := setup.Ports(tt.c)
		if got := setup.UFW(ports); !reflect.DeepEqual(got, tt.ufw) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.ufw)
		}
		if got := setup.Nftables(ports); !reflect.DeepEqual(got, tt.nft) && len(got)+len(tt.nft) > 0 {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.nft)
		}
	}
}

func TestEstimate(t *testing.T) {
	if got, want := setup.Estimate(100, setup.DefaultBitrate), (setup.Traffic{Rate: 300_000_000, Month: 97_200_000_000_000}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestNamePoints(t *testing.T) {
	addrs := func(texts ...string) (list []netip.Addr) {
		for _, text := range texts {
			list = append(list, netip.MustParseAddr(text))
		}
		return list
	}
	public, private := addrs("127.0.0.1", "192.0.2.1", "2001:db8::1"), addrs("127.0.0.1", "10.0.0.2", "fe80::1")
	for _, tt := range []struct {
		found, own []netip.Addr
		want       string
	}{
		{addrs("192.0.2.1", "2001:db8::1"), public, ""},
		{addrs("::ffff:192.0.2.1"), public, ""},
		{nil, public, "has no address"},
		{addrs("192.0.2.1", "192.0.2.9"), public, "is 192.0.2.9, which is not this machine"},
		{addrs("192.0.2.1"), private, "behind NAT"},
	} {
		if got := setup.NamePoints("chat.example.org", tt.found, tt.own); !strings.Contains(got, tt.want) || got == "" != (tt.want == "") {
			t.Errorf("%v of %v: %q, want %q", tt.found, tt.own, got, tt.want)
		}
	}
}
