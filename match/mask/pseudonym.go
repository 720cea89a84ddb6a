package mask

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// pseudonym stands for an id that would outlive the peer connection: a page
// that keeps its camera open sends the same stream and track ids to every
// partner. The salt is the certificate's fingerprint, which browsers make anew
// for each peer connection and keep through its renegotiations; so an id is
// stable within a call and says nothing in the next one. A text that is a
// pseudonym already stays what it is.
func (d *draft) pseudonym(id string) string {
	if digits, ok := strings.CutPrefix(id, "j-"); ok && span(digits, 20, 20, isLowerHex) {
		return id
	}
	sum := sha256.Sum256([]byte(d.salt + "\n" + id))
	return "j-" + hex.EncodeToString(sum[:10])
}

func isLowerHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }
func isID(s string) bool     { return span(s, 1, 256, isVisible) }

// msid is <stream> [<track>] (RFC 8830); a stream of "-" is none.
func msid(d *draft, value string) (string, verdict) {
	stream, track, tracked := strings.Cut(value, " ")
	if !isID(stream) || tracked && !isID(track) {
		return "", refused
	}
	if stream != "-" {
		stream = d.pseudonym(stream)
	}
	if !tracked {
		return stream, kept
	}
	return stream + " " + d.pseudonym(track), kept
}

// ssrc is <number> <attribute>[:<value>] (RFC 5576). The cname alone is kept:
// libwebrtc takes no source without one, and what else there was (msid, label)
// is said by a=msid.
func ssrc(d *draft, value string) (string, verdict) {
	source, attribute, ok := strings.Cut(value, " ")
	if !ok || !isSSRC(source) {
		return "", refused
	}
	name, ok := strings.CutPrefix(attribute, "cname:")
	if !ok {
		return "", dropped
	}
	if !isID(name) {
		return "", refused
	}
	return source + " cname:" + d.pseudonym(name), kept
}

// ssrcGroup is <semantics> <source> <source>…
func ssrcGroup(_ *draft, value string) (string, verdict) {
	semantics, sources, ok := strings.Cut(value, " ")
	if !ok || !list(sources, " ", 32, isSSRC) {
		return "", refused
	}
	switch semantics {
	case "FID", "FEC", "FEC-FR", "SIM":
		return value, kept
	}
	return "", dropped
}
