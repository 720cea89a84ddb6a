package mask

import (
	"math"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/pion/sdp/v3"
)

// Description rebuilds a session description. typ is "offer", "answer" or
// "pranswer"; a rollback has no description to pass on. Its only error is
// ErrMasked, with a detail.
func Description(typ, text string, owns Owns) (string, error) {
	switch typ {
	case "offer", "answer", "pranswer":
	default:
		return "", refusef("the type has to be offer, answer or pranswer")
	}
	if err := plain(text); err != nil {
		return "", err
	}
	var in sdp.SessionDescription
	if in.UnmarshalString(text) != nil { // its error quotes the input
		return "", refusef("not a session description (RFC 8866)")
	}
	if err := bounded(&in); err != nil {
		return "", err
	}
	d := &draft{typ: typ, owns: owns, salt: certificate(&in)}
	if err := d.session(&in); err != nil {
		return "", err
	}
	for i, m := range in.MediaDescriptions {
		if err := d.media(i+1, m); err != nil {
			return "", err
		}
	}
	if err := d.require(); err != nil {
		return "", err
	}
	if err := bounded(&d.out); err != nil {
		return "", err
	}
	out, err := d.out.Marshal()
	if err != nil || len(out) > maxDescription {
		return "", refusef("the masked description is over %d bytes", maxDescription)
	}
	return string(out), nil
}

// plain refuses what parsers disagree about: a line may end with CRLF or LF,
// and the last one must; there are no empty lines and no control characters.
func plain(text string) error {
	if len(text) > maxDescription {
		return refusef("the description is over %d bytes", maxDescription)
	}
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
		return refusef("the description has to be UTF-8 and end with a line break")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			return refusef("the description has an empty line")
		}
		for i := range len(line) {
			if line[i] < ' ' || line[i] == 0x7f {
				return refusef("the description has control characters")
			}
		}
	}
	return nil
}

func bounded(in *sdp.SessionDescription) error {
	attributes := len(in.Attributes) + len(in.Bandwidth)
	for _, m := range in.MediaDescriptions {
		attributes += len(m.Attributes) + len(m.Bandwidth)
	}
	switch n := len(in.MediaDescriptions); {
	case n == 0:
		return refusef("the description has no m-line")
	case n > maxMedia:
		return refusef("the description has more than %d m-lines", maxMedia)
	case attributes > maxAttributes:
		return refusef("the description has more than %d attributes", maxAttributes)
	}
	return nil
}

// draft is a description under construction.
type draft struct {
	typ  string
	owns Owns
	salt string
	out  sdp.SessionDescription

	direction  string                  // the session's default, "" for none
	candidates map[netip.AddrPort]bool // written in this media section
}

func (d *draft) session(in *sdp.SessionDescription) error {
	d.out.Origin = sdp.Origin{
		Username:       "-",
		SessionID:      in.Origin.SessionID & math.MaxInt64, // JSEP: below 2⁶³
		SessionVersion: in.Origin.SessionVersion & math.MaxInt64,
		NetworkType:    "IN",
		AddressType:    "IP4",
		UnicastAddress: neutral,
	}
	d.out.SessionName = "-"
	d.out.TimeDescriptions = []sdp.TimeDescription{{}}
	d.out.Bandwidth = bandwidth(in.Bandwidth)

	attributes, err := d.attributes("before the first m-line", sessionRules, in.Attributes)
	if err != nil {
		return err
	}
	for _, a := range attributes {
		if isDirection(a.Key) {
			d.direction = a.Key
			continue
		}
		d.out.Attributes = append(d.out.Attributes, a)
	}
	return nil
}

// attributes builds those of one section, in their order.
func (d *draft) attributes(where string, rules map[string]rule, in []sdp.Attribute) ([]sdp.Attribute, error) {
	var out []sdp.Attribute
	seen := make(map[string]bool)
	for _, a := range in {
		read, known := rules[a.Key]
		if !known {
			continue
		}
		if name := single[a.Key]; name != "" {
			if seen[name] {
				return nil, refusef("%s stands twice %s", name, where)
			}
			seen[name] = true
		}
		switch value, verdict := read(d, a.Value); verdict {
		case kept:
			out = append(out, sdp.Attribute{Key: a.Key, Value: value})
		case refused:
			return nil, refusef("a=%s is malformed %s", a.Key, where) // a key of our rules
		}
	}
	return out, nil
}

// bandwidth keeps the two kinds that browsers act upon.
func bandwidth(in []sdp.Bandwidth) []sdp.Bandwidth {
	var out []sdp.Bandwidth
	for _, b := range in {
		if !b.Experimental && (b.Type == "AS" || b.Type == "TIAS") {
			out = append(out, sdp.Bandwidth{Type: b.Type, Bandwidth: b.Bandwidth})
		}
	}
	return out
}

// certificate returns the first fingerprint: what the pseudonyms depend on.
func certificate(in *sdp.SessionDescription) string {
	sections := [][]sdp.Attribute{in.Attributes}
	for _, m := range in.MediaDescriptions {
		sections = append(sections, m.Attributes)
	}
	for _, section := range sections {
		for _, a := range section {
			if a.Key != "fingerprint" {
				continue
			}
			if value, verdict := fingerprint(nil, a.Value); verdict == kept {
				return value
			}
		}
	}
	return ""
}
