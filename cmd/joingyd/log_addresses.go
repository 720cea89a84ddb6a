package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/joingyd/joingyd/config"
)

// addressLog is a log in which no address stands whole: whatever a part of the daemon, or
// a library of it, writes of one, in a message, in a value or in the text of an error, is
// cut to its network (IPv4 /24, IPv6 /48) or left out. A port beside it goes with it: with
// the time it would tell a visitor from the others of a carrier's NAT. The unspecified
// address stands, which is nobody's.
//
// Keys are not looked through: they are constants of the program.
type addressLog struct {
	slog.Handler
	addresses *shownAddresses
}

// shownAddresses is log.addresses, which may change: what a logger was given for all its
// lines (With) stays as it was shown then.
type shownAddresses struct{ atomic.Pointer[string] }

func (a *shownAddresses) set(how string) { a.Store(&how) }

// newAddressLog returns to with addresses as log.addresses says.
func newAddressLog(to slog.Handler, addresses string) addressLog {
	l := addressLog{to, new(shownAddresses)}
	l.addresses.set(addresses)
	return l
}

// whole reports whether addresses stand as they are.
func (l addressLog) whole() bool { return *l.addresses.Load() == config.AddressesFull }

// show is what is shown of an address in a network.
func (l addressLog) show(network netip.Prefix) string {
	if *l.addresses.Load() == config.AddressesNone {
		return "(address)"
	}
	return network.String()
}

// Handle implements slog.Handler, like the rest.
func (l addressLog) Handle(ctx context.Context, r slog.Record) error {
	if l.whole() {
		return l.Handler.Handle(ctx, r)
	}
	cut := slog.NewRecord(r.Time, r.Level, l.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		cut.AddAttrs(l.attr(a))
		return true
	})
	return l.Handler.Handle(ctx, cut)
}

func (l addressLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return addressLog{l.Handler.WithAttrs(l.attrs(attrs)), l.addresses}
}

func (l addressLog) WithGroup(name string) slog.Handler {
	return addressLog{l.Handler.WithGroup(name), l.addresses}
}

func (l addressLog) attrs(attrs []slog.Attr) []slog.Attr {
	if l.whole() {
		return attrs
	}
	cut := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		cut[i] = l.attr(a)
	}
	return cut
}

// attr cuts the addresses in a value. One of a type that slog does not know is logged as
// fmt prints it, if there is an address in that.
func (l addressLog) attr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindGroup:
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(l.attrs(value.Group())...)}
	case slog.KindString:
		return slog.String(a.Key, l.text(value.String()))
	case slog.KindAny:
		text := fmt.Sprintf("%+v", value.Any())
		if cut := l.text(text); cut != text {
			return slog.String(a.Key, cut)
		}
	}
	return slog.Attr{Key: a.Key, Value: value}
}

// anAddress finds what could be an IPv6 address in brackets, with a port; one without, or
// a prefix; an IPv4 address with either. That it is one is for netip to say.
var anAddress = func() *regexp.Regexp {
	const (
		v4   = `(?:\d{1,3}\.){3}\d{1,3}`
		more = `(?::[0-9A-Fa-f]{0,4})`
		v6   = `(?:\b[0-9A-Fa-f]{1,4})?(?:` + more + `{1,6}:` + v4 + `|` + more + `{2,})(?:%[0-9A-Za-z_.-]+)?`
	)
	return regexp.MustCompile(`\[(` + v6 + `)\](?::\d+)?|(` + v6 + `)(?:/(\d+))?|(` + v4 + `)(?::\d+|/(\d+))?`)
}()

// text cuts the addresses in a text.
func (l addressLog) text(text string) string {
	return anAddress.ReplaceAllStringFunc(text, func(found string) string {
		part := anAddress.FindStringSubmatch(found)
		address := cmp.Or(part[1], part[2], part[4])
		after := ""
		if strings.HasSuffix(found, ":") && !strings.HasSuffix(found, "::") { // as in "2001:db8::7: EOF"
			address, after = strings.TrimSuffix(address, ":"), ":"
		}
		addr, err := netip.ParseAddr(address)
		if err != nil || addr.WithZone("").IsUnspecified() {
			return found
		}
		bits, err := strconv.Atoi(cmp.Or(part[3], part[5]))
		if err != nil {
			bits = addr.BitLen()
		}
		return l.show(networkOf(addr, bits)) + after
	})
}

// networkOf is what is shown of an address, or of a prefix that may be wider already.
func networkOf(addr netip.Addr, bits int) netip.Prefix {
	most := 48
	if plain := addr.Unmap(); plain != addr {
		addr, bits = plain, bits-96
	}
	if addr.Is4() {
		most = 24
	}
	network, err := addr.WithZone("").Prefix(max(0, min(bits, most)))
	if err != nil {
		return netip.Prefix{} // shown as such; the bounds leave no error
	}
	return network
}
