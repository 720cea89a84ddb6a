package turn

import (
	"maps"
	"net/netip"
	"slices"
)

// EnforceRefused closes the allocations of clients whose address is refused by now
// (Options.Refused), and takes back what the others were granted for peers that are.
// It looks at the addresses that concerns picks; nil picks all. When it returns it is
// done, and it tells how many allocations it closed. Packets pass meanwhile: the lock
// is held for one allocation at a time.
//
// What is new while it runs has been asked about since the ban: an allocation once it
// is in the table, a permission or channel once it is granted.
func (s *Server) EnforceRefused(concerns func(netip.Addr) bool) (closed int) {
	refused := func(addr netip.Addr) bool {
		return (concerns == nil || concerns(addr)) && s.opts.Refused(addr)
	}
	refusedPeer := func(addr netip.Addr) bool { return slices.ContainsFunc(writtenAs(addr), refused) }
	s.mu.RLock()
	relays := slices.AppendSeq(make([]*relay, 0, len(s.relays)), maps.Values(s.relays))
	s.mu.RUnlock()
	for _, r := range relays {
		switch {
		case r.owner.Load() == nil: // being made
		case refused(r.client.Addr()):
			s.mu.Lock()
			s.closeRelayLocked(r)
			s.mu.Unlock()
			closed++
		case s.open != nil:
			r.grants.revoke(refusedPeer)
		}
	}
	return closed
}

// refusesPeer reports whether addr may be no peer, in whatever form it is written.
func (s *Server) refusesPeer(addr netip.Addr) bool {
	return slices.ContainsFunc(writtenAs(addr), s.opts.Refused)
}

// embeddings are the IPv6 ranges whose addresses carry an IPv4 address, and reach it
// where somebody translates or tunnels: from which byte on, and whether inverted.
var embeddings = []struct {
	prefix netip.Prefix
	at     int
	flip   byte
}{
	{netip.MustParsePrefix("::/96"), 12, 0},           // IPv4-compatible (RFC 4291 section 2.5.5.1)
	{netip.MustParsePrefix("::ffff:0:0/96"), 12, 0},   // IPv4-mapped (2.5.5.2)
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12, 0}, // IPv4-translated (RFC 7915)
	{netip.MustParsePrefix("64:ff9b::/96"), 12, 0},    // NAT64 (RFC 6052)
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12, 0},  // local NAT64 (RFC 8215), as with a /96
	{netip.MustParsePrefix("2002::/16"), 2, 0},        // 6to4 (RFC 3056)
	{netip.MustParsePrefix("2001::/32"), 4, 0},        // Teredo's server (RFC 4380)
	{netip.MustParsePrefix("2001::/32"), 12, 0xff},    // and its client
}

// writtenAs returns addr, and the IPv4 addresses that it carries.
func writtenAs(addr netip.Addr) []netip.Addr {
	forms := []netip.Addr{addr}
	if !addr.Is6() {
		return forms
	}
	raw := addr.As16()
	plain := netip.AddrFrom16(raw) // without a zone
	for _, e := range embeddings {
		if e.prefix.Contains(plain) {
			var ip [4]byte
			for i := range ip {
				ip[i] = raw[e.at+i] ^ e.flip
			}
			forms = append(forms, netip.AddrFrom4(ip))
		}
	}
	return forms
}
