package mask

import "strings"

// rtpmap is <payload> <name>/<clock>[/<channels>].
func rtpmap(_ *draft, value string) (string, verdict) {
	payload, encoding, ok := strings.Cut(value, " ")
	part := strings.Split(encoding, "/")
	switch {
	case !ok, !isPayload(payload), len(part) < 2, len(part) > 3,
		!span(part[0], 1, 32, isName), !isNumber(part[1], 1, 9_999_999),
		len(part) == 3 && !isNumber(part[2], 1, 255):
		return "", refused
	}
	return value, kept
}

// fmtp is <payload> and one of three forms: parameters (minptime=10;cbr=1), the
// payloads that RED carries (111/111), or telephone events (0-15,66).
func fmtp(_ *draft, value string) (string, verdict) {
	payload, format, ok := strings.Cut(value, " ")
	if !ok || !isPayload(payload) {
		return "", refused
	}
	if list(format, "/", 32, isPayload) || list(format, ",", 32, isEvents) {
		return value, kept
	}
	format, ok = parameters(format)
	if !ok {
		return "", refused
	}
	return payload + " " + format, kept
}

// isEvents is one event of RFC 4733, or a range of them.
func isEvents(s string) bool {
	from, to, ranged := strings.Cut(s, "-")
	return isNumber(from, 0, 255) && (!ranged || isNumber(to, 0, 255))
}

// parameters rebuilds name=value;name=value without blanks and empty parts.
func parameters(s string) (string, bool) {
	var keep []string
	for part := range strings.SplitSeq(s, ";") {
		part = strings.Trim(part, " ")
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || !span(name, 1, 48, isName) || !span(value, 1, 512, isParameter) {
			return "", false
		}
		keep = append(keep, part)
	}
	return strings.Join(keep, ";"), len(keep) > 0 && len(keep) <= 32
}

// feedback holds the kinds of RTCP feedback that browsers use.
var feedback = map[string]bool{
	"nack": true, "nack pli": true, "nack sli": true, "nack rpsi": true,
	"ccm fir": true, "ccm tmmbr": true, "goog-remb": true, "goog-lntf": true,
	"transport-cc": true, "ack ccfb": true, "rrtr": true,
}

// rtcpFB is <payload or *> <feedback>.
func rtcpFB(_ *draft, value string) (string, verdict) {
	payload, kind, ok := strings.Cut(value, " ")
	if !ok || payload != "*" && !isPayload(payload) {
		return "", refused
	}
	if !feedback[kind] {
		return "", dropped
	}
	return value, kept
}

// rtcpXR keeps the report that lets a mere receiver measure its round trip.
func rtcpXR(_ *draft, value string) (string, verdict) {
	if value != "rcvr-rtt=all" {
		return "", dropped
	}
	return value, kept
}

const (
	ietf   = "urn:ietf:params:rtp-hdrext:"
	webrtc = "http://www.webrtc.org/experiments/rtp-hdrext/"
)

// extensions holds the RTP header extensions that browsers use. A URI of one's
// own could say anything.
var extensions = map[string]bool{
	ietf + "ssrc-audio-level":              true,
	ietf + "csrc-audio-level":              true,
	ietf + "toffset":                       true,
	ietf + "ntp-64":                        true,
	ietf + "framemarking":                  true,
	ietf + "sdes:mid":                      true,
	ietf + "sdes:rtp-stream-id":            true,
	ietf + "sdes:repaired-rtp-stream-id":   true,
	webrtc + "abs-send-time":               true,
	webrtc + "abs-capture-time":            true,
	webrtc + "color-space":                 true,
	webrtc + "corruption-detection":        true,
	webrtc + "generic-frame-descriptor-00": true,
	webrtc + "inband-cn":                   true,
	webrtc + "playout-delay":               true,
	webrtc + "transport-wide-cc-02":        true,
	webrtc + "video-content-type":          true,
	webrtc + "video-frame-tracking-id":     true,
	webrtc + "video-layers-allocation00":   true,
	webrtc + "video-timing":                true,
	"urn:3gpp:video-orientation":           true,
	"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01":               true,
	"https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": true,
}

// extmap is <id>[/<direction>] <uri>. Attributes of the extension are left out.
func extmap(_ *draft, value string) (string, verdict) {
	key, uri, ok := strings.Cut(value, " ")
	id, direction, directed := strings.Cut(key, "/")
	if !ok || !isNumber(id, 1, 255) || directed && !isDirection(direction) {
		return "", refused
	}
	uri, _, _ = strings.Cut(uri, " ")
	if !extensions[uri] {
		return "", dropped
	}
	return key + " " + uri, kept
}

func isDirection(s string) bool { return single[s] == "direction" }
