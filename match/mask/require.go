package mask

import (
	"strings"

	"github.com/pion/sdp/v3"
)

// transport is the set of attributes that a call over DTLS and one port needs.
type transport struct{ fingerprint, ufrag, pwd, mux bool }

func transportOf(attributes []sdp.Attribute) (t transport) {
	for _, a := range attributes {
		switch a.Key {
		case "fingerprint":
			t.fingerprint = true
		case "ice-ufrag":
			t.ufrag = true
		case "ice-pwd":
			t.pwd = true
		case "rtcp-mux":
			t.mux = true
		}
	}
	return t
}

// or adds what another place provides.
func (t transport) or(u transport) transport {
	return transport{t.fingerprint || u.fingerprint, t.ufrag || u.ufrag, t.pwd || u.pwd, t.mux || u.mux}
}

// require refuses a description whose calls could not be encrypted, or would
// need a second port. A section may leave to the session, or to the others of
// its BUNDLE group, what they share (RFC 8843).
func (d *draft) require() error {
	session := transportOf(d.out.Attributes)
	sections := make(map[string]transport) // by mid
	for i, m := range d.out.MediaDescriptions {
		mid, ok := m.Attribute("mid")
		if !ok {
			continue
		}
		if _, twice := sections[mid]; twice {
			return refusef("the mid of m-line %d stands in another one too", i+1)
		}
		sections[mid] = transportOf(m.Attributes)
	}
	bundles := make(map[string]transport) // by mid, for those in a group
	for _, a := range d.out.Attributes {
		if a.Key != "group" {
			continue
		}
		var all transport
		mids := strings.Fields(a.Value)[1:]
		for _, mid := range mids {
			all = all.or(sections[mid])
		}
		for _, mid := range mids {
			bundles[mid] = all
		}
	}
	for i, m := range d.out.MediaDescriptions {
		if rejected(m) {
			continue
		}
		t := session.or(transportOf(m.Attributes))
		if mid, ok := m.Attribute("mid"); ok {
			t = t.or(bundles[mid])
		}
		switch {
		case !t.fingerprint:
			return refusef("m-line %d has no fingerprint of sha-256, sha-384 or sha-512", i+1)
		case !t.ufrag || !t.pwd:
			return refusef("m-line %d has no ice-ufrag or no ice-pwd", i+1)
		case !t.mux:
			return refusef("m-line %d has no rtcp-mux", i+1)
		}
	}
	return nil
}

// rejected tells a port of 0 that refuses the media from one that leaves the
// transport to the bundle.
func rejected(m *sdp.MediaDescription) bool {
	_, bundled := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundled
}
