package filter

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// evidence is how sure it is that a name with dots is meant as a link.
type evidence int

const (
	joined evidence = iota // a.b: two sentences may be joined by the dot
	spaced                 // "a . b"
	spelt                  // "a dot b"
	meant                  // www, a path, brackets around the dot, "visit" before it
)

// plainTLDs end nothing but names: no sentence is likely to begin with them.
// Every other top-level domain needs more than a joining dot, since "ok.so",
// "where.is it" and "yes.love it" are how people type.
var plainTLDs = set("com net org info biz xyz io co ru tv cc ly uk edu gov icu onion cn jp pl cz br gr hu tk ml cf ga gq")

// knownHosts are links whatever their top-level domain is: shorteners, invites.
var knownHosts = set("t.me wa.me m.me ig.me fb.me about.me line.me telegram.me telegram.dog discord.gg discord.me dsc.gg " +
	"youtu.be redd.it goo.gl is.gd v.gd rb.gy linktr.ee amzn.to spoti.fi bit.ly cutt.ly zoom.us snap.chat")

// notLinks end as links do and are not.
var notLinks = set("asp.net vb.net ado.net paint.net ml.net socket.io")

// notNames stand before "dot com" in plain talk.
var notNames = set("the a an dot of and or in polka early pre post former another some every any this that was is")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// isHost reports whether labels, joined by dots, are meant as a host.
func isHost(labels []string, sure evidence) bool {
	host := strings.Join(labels, ".")
	if isIPv4(labels) || knownHosts[host] {
		return true
	}
	tld := labels[len(labels)-1]
	if notLinks[host] || isNumber(tld) || !isTLD(tld) {
		return false
	}
	if sure == spelt && notNames[labels[0]] || sure == spaced && tld == "net" { // "I work in .net"
		return false
	}
	if sure == meant || plainTLDs[tld] {
		return true
	}
	if sure != joined {
		return false
	}
	name := labels[len(labels)-2]
	suffix, icann := publicsuffix.PublicSuffix(host)
	return icann && strings.Contains(suffix, ".") && suffix != host || // example.com.es
		strings.HasPrefix(tld, "xn--") || !isASCII(tld) || // nobody types these by chance
		len(name) >= 5 && strings.ContainsAny(name, "0123456789-_") && strings.ContainsFunc(name, isLatin)
}

func isLatin(r rune) bool { return r >= 'a' && r <= 'z' }

// isTLD reports whether the root zone has the label.
func isTLD(label string) bool {
	if !isASCII(label) {
		ascii, err := idna.Lookup.ToASCII(label)
		if err != nil {
			return false
		}
		label = ascii
	}
	_, icann := publicsuffix.PublicSuffix(label)
	return icann || label == "onion"
}

func isNumber(label string) bool {
	return strings.Trim(label, "0123456789") == ""
}

func isIPv4(labels []string) bool {
	if len(labels) != 4 {
		return false
	}
	_, err := netip.ParseAddr(strings.Join(labels, "."))
	return err == nil
}

// isIPv6 reports whether text, of hexadecimal digits and colons, is an address
// rather than a time.
func isIPv6(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Is6() && len(text) > 4
}
