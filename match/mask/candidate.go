package mask

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
)

// Candidate rebuilds one trickled candidate, the value of
// RTCIceCandidate.candidate. The empty string ends the candidates of a
// generation and is passed on. Its errors are ErrMasked, with a detail, and
// ErrIgnored.
func Candidate(text string, owns Owns) (string, error) {
	if text == "" {
		return "", nil
	}
	body, ok := strings.CutPrefix(text, "candidate:")
	if !ok || len(text) > maxCandidate || !span(body, 0, maxCandidate, isPrintable) {
		return "", refusef("not a candidate (RFC 8839)")
	}
	c, err := parseCandidate(body)
	if err != nil {
		return "", refusef("%v", err)
	}
	switch err := c.relayed(owns); {
	case errors.Is(err, ErrIgnored):
		return "", ErrIgnored
	case err != nil:
		return "", refusef("%v", err)
	}
	return "candidate:" + c.String(), nil
}

func isPrintable(c byte) bool { return isVisible(c) || c == ' ' }

// candidate is what is read of a candidate's text. host is a literal or a name.
type candidate struct {
	component  uint64
	transport  string
	preference uint64 // the type preference: the priority's first byte
	host       string
	port       uint64
	typ        string
	generation string // "" if not given, like ufrag
	ufrag      string

	address netip.AddrPort // set by relayed
}

// parseCandidate reads the part after "candidate:" by the grammar of RFC 8839,
// section 5.1. Its errors quote nothing.
func parseCandidate(body string) (candidate, error) {
	var c candidate
	var priority uint64
	field := strings.Split(body, " ")
	if len(field) < 8 || len(field)%2 != 0 || field[6] != "typ" {
		return c, errors.New("a candidate has to be: foundation, component, transport, priority, address, port, typ, type, and pairs of extensions")
	}
	var ok bool
	if !span(field[0], 1, 32, isICE) {
		return c, errors.New("the candidate's foundation is malformed")
	}
	if c.component, ok = number(field[1], 1, 256); !ok {
		return c, errors.New("the candidate's component is malformed")
	}
	if priority, ok = number(field[3], 0, 1<<32-1); !ok {
		return c, errors.New("the candidate's priority is malformed")
	}
	if c.port, ok = number(field[5], 0, 65535); !ok {
		return c, errors.New("the candidate's port is malformed")
	}
	c.preference = priority >> 24
	c.transport, c.host, c.typ = field[2], field[4], field[7]
	if !isID(c.host) || !span(c.transport, 1, 16, isName) || !span(c.typ, 1, 16, isName) {
		return c, errors.New("the candidate's transport, address or type is malformed")
	}
	for i := 8; i < len(field); i += 2 {
		name, value := field[i], field[i+1]
		switch {
		case !isID(name) || !isID(value):
			return c, errors.New("the candidate's extensions are malformed")
		case name == "generation" && !isNumber(value, 0, 255):
			return c, errors.New("the candidate's generation is malformed")
		case name == "ufrag" && !isUfrag(value):
			return c, errors.New("the candidate's ufrag is malformed")
		case name == "generation":
			c.generation = value
		case name == "ufrag":
			c.ufrag = value
		}
	}
	return c, nil
}

// relayed says why c must not be passed on: nil for a relay candidate of the
// sender, ErrIgnored for that of RTCP's component.
func (c *candidate) relayed(owns Owns) error {
	if c.typ != "relay" {
		return errors.New("only relay candidates are passed on")
	}
	if !strings.EqualFold(c.transport, "udp") {
		return errors.New("only relay candidates over udp are passed on")
	}
	ip, err := netip.ParseAddr(c.host)
	if err != nil || ip.Is4In6() || ip.Zone() != "" {
		return errors.New("the candidate's address is none of a relay")
	}
	c.address = netip.AddrPortFrom(ip, uint16(c.port))
	if owns == nil || !owns(c.address) {
		return errors.New("the candidate's address is no allocation of this session")
	}
	switch c.component {
	case 1:
		return nil
	case 2:
		return ErrIgnored
	}
	return errors.New("only components 1 and 2 are known")
}

// String writes a candidate that relayed accepts. The foundation depends on the
// relayed address alone, and the priority on the type preference alone, which
// says how the relay is reached (0 to 2: TLS, TCP, UDP): both tell of the
// sender's interfaces otherwise. The 3 of Chromium 156 and the 5 of Firefox 153
// for UDP become 2.
func (c candidate) String() string {
	const localPreference = 65535
	priority := min(c.preference, 2)<<24 | localPreference<<8 | (256 - c.component)
	foundation := fnv.New32a()
	foundation.Write([]byte(c.address.String()))
	text := fmt.Sprintf("%d %d udp %d %s %d typ relay raddr "+neutral+" rport 0",
		foundation.Sum32(), c.component, priority, c.address.Addr(), c.address.Port())
	if c.generation != "" {
		text += " generation " + c.generation
	}
	if c.ufrag != "" {
		text += " ufrag " + c.ufrag
	}
	return text
}
