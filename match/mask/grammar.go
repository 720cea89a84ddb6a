package mask

import (
	"strconv"
	"strings"
)

// span reports whether s has from lo to hi bytes, each of them in class.
func span(s string, lo, hi int, class func(byte) bool) bool {
	if len(s) < lo || len(s) > hi {
		return false
	}
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

// number reads a decimal from lo to hi without sign or leading zeros.
func number(s string, lo, hi uint64) (uint64, bool) {
	if len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && lo <= n && n <= hi
}

// isNumber is number for those who copy the text.
func isNumber(s string, lo, hi uint64) bool {
	_, ok := number(s, lo, hi)
	return ok
}

// list reports whether s is one or more items, at most limit, between
// separators.
func list(s, separator string, limit int, item func(string) bool) bool {
	n := 0
	for part := range strings.SplitSeq(s, separator) {
		if n++; n > limit || !item(part) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
func isVisible(c byte) bool { return '!' <= c && c <= '~' }

// isICE is ice-char of RFC 8839.
func isICE(c byte) bool { return isAlnum(c) || c == '+' || c == '/' }

// isName is narrower than SDP's token: without the dot, no name can spell an
// IPv4 address.
func isName(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// isParameter covers the values that codecs use: numbers, hex, base64, lists.
func isParameter(c byte) bool {
	return isName(c) || c == '+' || c == '/' || c == '=' || c == ','
}

func isUfrag(s string) bool   { return span(s, 4, 256, isICE) }
func isPwd(s string) bool     { return span(s, 22, 256, isICE) }
func isMid(s string) bool     { return span(s, 1, 32, isName) }
func isRid(s string) bool     { return span(s, 1, 32, isName) }
func isPayload(s string) bool { return isNumber(s, 0, 127) }
func isSSRC(s string) bool    { return isNumber(s, 0, 1<<32-1) }
