package mask

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pion/sdp/v3"
)

// media appends the n-th media section, counted from one.
func (d *draft) media(n int, in *sdp.MediaDescription) error {
	name, err := mediaName(n, in.MediaName)
	if err != nil {
		return err
	}
	d.candidates = make(map[netip.AddrPort]bool)
	attributes, err := d.attributes(fmt.Sprintf("in m-line %d", n), mediaRules, in.Attributes)
	if err != nil {
		return err
	}
	m := &sdp.MediaDescription{
		MediaName: name,
		ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN",
			AddressType: "IP4",
			Address:     &sdp.Address{Address: neutral},
		},
		Bandwidth:  bandwidth(in.Bandwidth),
		Attributes: attributes,
	}
	if d.direction != "" && !directed(m) {
		m.Attributes = append(m.Attributes, sdp.Attribute{Key: d.direction})
	}
	d.out.MediaDescriptions = append(d.out.MediaDescriptions, m)
	return nil
}

// mediaName rebuilds the m-line. The port says accepted (9) or rejected (0),
// nothing more.
func mediaName(n int, in sdp.MediaName) (sdp.MediaName, error) {
	out := sdp.MediaName{
		Media:  in.Media,
		Protos: []string{"UDP", "TLS", "RTP", "SAVPF"},
	}
	if in.Media != "audio" && in.Media != "video" {
		return out, refusef("m-line %d is neither audio nor video", n)
	}
	switch strings.Join(in.Protos, "/") {
	case "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF":
	default:
		return out, refusef("m-line %d is not UDP/TLS/RTP/SAVPF", n)
	}
	if in.Port.Range != nil {
		return out, refusef("m-line %d has a range of ports", n)
	}
	if in.Port.Value != 0 {
		out.Port.Value = 9
	}
	if len(in.Formats) == 0 || len(in.Formats) > 128 {
		return out, refusef("m-line %d has to name 1 to 128 payload types", n)
	}
	for _, format := range in.Formats {
		if !isPayload(format) {
			return out, refusef("m-line %d has a payload type that is no number from 0 to 127", n)
		}
	}
	out.Formats = in.Formats
	return out, nil
}

func directed(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		if isDirection(a.Key) {
			return true
		}
	}
	return false
}
