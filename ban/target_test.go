package ban_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/ban"
)

func TestParseTarget(t *testing.T) {
	tests := []struct{ text, prefix, print string }{
		{"203.0.113.7", "203.0.113.7/32", "203.0.113.7"},
		{" 203.0.113.7\n", "203.0.113.7/32", "203.0.113.7"},
		{"203.0.113.7/32", "203.0.113.7/32", "203.0.113.7"},
		{"203.0.113.0/24", "203.0.113.0/24", "203.0.113.0/24"},
		{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0"},
		{"::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.7"},
		{"::ffff:cb00:7107/128", "203.0.113.7/32", "203.0.113.7"},
		{"::ffff:203.0.113.0/120", "203.0.113.0/24", "203.0.113.0/24"},
		{"2001:db8::1", "2001:db8::/64", "2001:db8::/64"},
		{"2001:DB8:0::/64", "2001:db8::/64", "2001:db8::/64"},
		{"2001:db8::1/128", "2001:db8::1/128", "2001:db8::1/128"},
		{"2001:db8::/48", "2001:db8::/48", "2001:db8::/48"},
	}
	for _, tt := range tests {
		got, err := ban.ParseTarget(tt.text)
		if err != nil || got.Prefix().String() != tt.prefix || got.String() != tt.print {
			t.Errorf("ParseTarget(%q) = %s, prefix %s, %v; want %s, prefix %s", tt.text, got, got.Prefix(), err, tt.print, tt.prefix)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "write one like 203.0.113.7"},
		{"example.org", "write one like 203.0.113.7"},
		{"203.0.113.7:80", "write one like"},
		{"[2001:db8::1]", "write one like"},
		{"203.0.113", "write one like"},
		{"203.0.113.07", "write one like"},
		{"203.0.113.7/33", "write one like"},
		{"203.0.113.0/024", "write one like"},
		{"203.0.113.7/24", "write 203.0.113.0/24 for the prefix, or 203.0.113.7 for one address"},
		{"2001:db8::1/64", "write 2001:db8::/64 for the prefix, or 2001:db8::1/128 for one address"},
		{"::ffff:203.0.113.7/120", "write 203.0.113.0/24 for the prefix, or 203.0.113.7 for one address"},
		{"::ffff:203.0.113.7/64", "write the IPv4 prefix, such as 203.0.113.0/24"},
		{"fe80::1%eth0", "leave out the part from % on"},
		{"fe80::%eth0/64", "leave out the part from % on"},
		{"\x1b[2J" + strings.Repeat("x", 500), `"\x1b[2Jxxx`},
	}
	for _, tt := range tests {
		got, err := ban.ParseTarget(tt.text)
		if !errors.Is(err, ban.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseTarget(%q) = %s, %v; want ErrInvalid with %q", tt.text, got, err, tt.want)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("ParseTarget(%.20q…): the error is %d bytes long", tt.text, len(err.Error()))
		}
	}
}

func ExampleParseTarget() {
	target, _ := ban.ParseTarget("2001:db8::1")
	fmt.Println(target, target.Kind())
	// Output: 2001:db8::/64 net64
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"203.0.113.7", "203.0.113.0/24", "::ffff:1.2.3.0/120", "2001:db8::1", "2001:db8::1/128", "::/0", "fe80::1%a", "1.2.3.4/5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := ban.ParseTarget(text)
		if err != nil {
			if !errors.Is(err, ban.ErrInvalid) {
				t.Errorf("error %v does not wrap ErrInvalid", err)
			}
			return
		}
		again, err := ban.ParseTarget(target.String())
		if err != nil || again.Prefix() != target.Prefix() || again.Kind() != target.Kind() {
			t.Errorf("%q → %s → %s, %v", text, target, again, err)
		}
		first := target.Prefix().Addr()
		if target.Prefix() != target.Prefix().Masked() || first.Is4In6() || first.Zone() != "" {
			t.Errorf("%q → %s is not plain", text, target.Prefix())
		}
		if !target.Contains(first) {
			t.Errorf("%s does not contain %s", target, first)
		}
		if first.Is4() && !target.Contains(netip.AddrFrom16(first.As16())) {
			t.Errorf("%s does not contain the mapped form of %s", target, first)
		}
	})
}
