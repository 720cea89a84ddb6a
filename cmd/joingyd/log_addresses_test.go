package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// loggedAddresses returns what f logs, as log.addresses says.
func loggedAddresses(addresses string, f func(*slog.Logger)) string {
	var out bytes.Buffer
	f(slog.New(newAddressLog(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), addresses)))
	return out.String()
}

func TestAddressesInMessagesAreCut(t *testing.T) {
	for _, tt := range []struct{ address, truncated string }{
		{"203.0.113.77", "203.0.113.0/24"},
		{"203.0.113.77:4711", "203.0.113.0/24"},
		{"203.0.113.77:99999", "203.0.113.0/24"},
		{"203.0.113.77/32", "203.0.113.0/24"},
		{"203.0.113.77/99", "203.0.113.0/24"},
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"2001:db8:77:1::7", "2001:db8:77::/48"},
		{"[2001:db8:77:1::7]:4711", "2001:db8:77::/48"},
		{"2001:db8:77:1:2:3:4:5/64", "2001:db8:77::/48"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"fe80::1%eth0", "fe80::/48"},
		{"[fe80::1%eth0]:4711", "fe80::/48"},
		{"::ffff:203.0.113.77", "203.0.113.0/24"},
		{"[::ffff:203.0.113.77]:4711", "203.0.113.0/24"},
		{"::ffff:203.0.113.77/128", "203.0.113.0/24"},
		{"64:ff9b::203.0.113.77", "64:ff9b::/48"},
		{"::1", "::/48"},
		{"0.0.0.0:443", "0.0.0.0:443"},
		{"[::]:443", "[::]:443"},
		{"10:46:59", "10:46:59"},
		{"52:54:00:12:34:56", "52:54:00:12:34:56"},
		{"999.1.1.1", "999.1.1.1"},
		{"std::pair", "std::pair"},
	} {
		for name, f := range map[string]func(*slog.Logger){
			"message": func(l *slog.Logger) { l.Info("http: TLS handshake error from " + tt.address + ": EOF") },
			"fault": func(l *slog.Logger) {
				faultLog{l}.Write([]byte("error from " + tt.address + ": EOF\n")) //nolint:errcheck // it has none
			},
			"text":  func(l *slog.Logger) { l.Info("it", "from", "from "+tt.address+": EOF") },
			"error": func(l *slog.Logger) { l.Info("it", "error", errors.New("read udp from "+tt.address+": EOF")) },
			"group": func(l *slog.Logger) { l.Info("it", slog.Group("g", "from", "from "+tt.address+": EOF")) },
			"with":  func(l *slog.Logger) { l.WithGroup("g").With("from", "from "+tt.address+": EOF").Info("it") },
		} {
			if got := loggedAddresses(config.AddressesTruncated, f); !strings.Contains(got, "from "+tt.truncated+": EOF") {
				t.Errorf("%s: of %s is logged %s, want %s", name, tt.address, got, tt.truncated)
			}
			if got := loggedAddresses(config.AddressesFull, f); !strings.Contains(got, "from "+tt.address+": EOF") {
				t.Errorf("%s: of %s is logged %s in full", name, tt.address, got)
			}
			want := "from (address): EOF"
			if addr, err := netip.ParsePrefix(tt.truncated); err != nil || !addr.IsValid() {
				want = "from " + tt.address + ": EOF"
			}
			if got := loggedAddresses(config.AddressesNone, f); !strings.Contains(got, want) {
				t.Errorf("%s: of %s is logged %s, want none", name, tt.address, got)
			}
		}
	}
}

// Addresses have many types.
func TestAddressesInValuesAreCut(t *testing.T) {
	addr := netip.MustParseAddr("203.0.113.77")
	for _, value := range []any{
		addr, &addr, netip.AddrPortFrom(addr, 4711), netip.PrefixFrom(addr, 32), []netip.Addr{addr, addr}, map[string]netip.Addr{"a": addr},
		net.IP(addr.AsSlice()), &net.UDPAddr{IP: addr.AsSlice(), Port: 4711}, net.Addr(&net.TCPAddr{IP: addr.AsSlice()}),
		&net.OpError{Op: "read", Net: "udp", Addr: &net.UDPAddr{IP: addr.AsSlice(), Port: 4711}, Err: errors.New("refused")},
		struct{ Addr netip.Addr }{addr}, slog.AnyValue(addr),
	} {
		got := loggedAddresses(config.AddressesTruncated, func(l *slog.Logger) { l.Info("it", "value", value) })
		if !strings.Contains(got, "203.0.113.0/24") || strings.Contains(got, "113.77") {
			t.Errorf("of a %T is logged %s", value, got)
		}
	}
}

// What is no address keeps its type.
func TestOtherValuesStay(t *testing.T) {
	got := loggedAddresses(config.AddressesTruncated, func(l *slog.Logger) { l.Info("it", "n", 7, "list", []string{"a", "b"}, "none", nil) })
	if !strings.Contains(got, `n=7 list="[a b]" none=<nil>`) {
		t.Errorf("logged: %s", got)
	}
}

func FuzzAddressesAreCut(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.77:4711", "[fe80::1%eth0]:1", "::ffff:203.0.113.77/128", "2001:db8::7: EOF", "1:2:3:4:5:6:7:8:9", "::1.2.3.4.5", "::%:", "::1%:"} {
		f.Add(seed)
	}
	words := regexp.MustCompile(`[\s\[\]]+`)
	f.Fuzz(func(t *testing.T, text string) {
		l := newAddressLog(slog.DiscardHandler, config.AddressesTruncated)
		cut := l.text(text)
		if slices.ContainsFunc(words.Split(cut, -1), func(word string) bool {
			addr, err := netip.ParseAddr(word)
			return err == nil && !addr.WithZone("").IsUnspecified()
		}) {
			t.Errorf("%q became %q", text, cut)
		}
	})
}
