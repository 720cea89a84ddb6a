package mask

import "strings"

// rid is <id> send|recv [pt=96,97;max-width=1280;…] (RFC 8851).
func rid(_ *draft, value string) (string, verdict) {
	id, rest, _ := strings.Cut(value, " ")
	way, restrictions, restricted := strings.Cut(rest, " ")
	if !isRid(id) || !isWay(way) {
		return "", refused
	}
	rebuilt := id + " " + way
	if restricted {
		restrictions, ok := parameters(restrictions)
		if !ok {
			return "", refused
		}
		rebuilt += " " + restrictions
	}
	return rebuilt, kept
}

// simulcast is send|recv <ids>, once or, the other way round, twice (RFC 8853).
func simulcast(_ *draft, value string) (string, verdict) {
	part := strings.Split(value, " ")
	switch {
	case len(part) == 2:
	case len(part) == 4 && part[0] != part[2] && isWay(part[2]) && isStreams(part[3]):
	default:
		return "", refused
	}
	if !isWay(part[0]) || !isStreams(part[1]) {
		return "", refused
	}
	return value, kept
}

func isWay(s string) bool { return s == "send" || s == "recv" }

// isStreams reads hi;mid,~low: streams, their alternatives, ~ for paused.
func isStreams(s string) bool {
	alternative := func(s string) bool { return isRid(strings.TrimPrefix(s, "~")) }
	return list(s, ";", 16, func(s string) bool { return list(s, ",", 16, alternative) })
}
