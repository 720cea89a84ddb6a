package mask

import (
	"slices"
	"strings"
)

// digests are the hash functions of a fingerprint and their bytes. Weaker ones
// (sha-1, md5) are dropped: where nothing else is left, require refuses.
var digests = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

// fingerprint writes the hash's name in lower case, the digest in upper case.
func fingerprint(_ *draft, value string) (string, verdict) {
	name, digest, ok := strings.Cut(value, " ")
	if !ok || !span(name, 1, 16, isName) {
		return "", refused
	}
	name = strings.ToLower(name)
	size, known := digests[name]
	if !known {
		return "", dropped
	}
	octet := func(s string) bool { return span(s, 2, 2, isHex) }
	if len(digest) != 3*size-1 || !list(digest, ":", size, octet) {
		return "", refused
	}
	return name + " " + strings.ToUpper(digest), kept
}

// setup is the DTLS role; who answers has to choose one (RFC 8842).
func setup(d *draft, value string) (string, verdict) {
	switch value {
	case "active", "passive":
		return value, kept
	case "actpass":
		if d.typ == "offer" {
			return value, kept
		}
	}
	return "", refused
}

// iceOptions keeps the options that browsers act upon.
func iceOptions(_ *draft, value string) (string, verdict) {
	var keep []string
	for option := range strings.SplitSeq(value, " ") {
		switch option {
		case "trickle", "renomination", "ice2":
			if !slices.Contains(keep, option) {
				keep = append(keep, option)
			}
		}
	}
	if keep == nil {
		return "", dropped
	}
	return strings.Join(keep, " "), kept
}

// group keeps BUNDLE, the one group that browsers act upon.
func group(_ *draft, value string) (string, verdict) {
	semantics, mids, some := strings.Cut(value, " ")
	if semantics != "BUNDLE" {
		return "", dropped
	}
	if some && !list(mids, " ", maxMedia, isMid) {
		return "", refused
	}
	return value, kept
}

// inlineCandidate keeps a relay candidate of the sender, once a section.
func inlineCandidate(d *draft, value string) (string, verdict) {
	c, err := parseCandidate(value)
	if err != nil {
		return "", refused
	}
	if c.relayed(d.owns) != nil || d.candidates[c.address] {
		return "", dropped
	}
	d.candidates[c.address] = true
	return c.String(), kept
}
