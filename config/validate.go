package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate returns what is wrong with c, a Problem for each key, without
// Source. It touches neither disk nor network.
func (c Config) Validate() []*Problem {
	var v validator
	v.text("data_dir", c.DataDir, 1, 4096)
	if c.HTTP.Listen != "" {
		v.listen("http.listen", c.HTTP.Listen)
	}
	for _, origin := range c.HTTP.AllowOrigins {
		v.origin("http.allow_origins", origin)
	}
	v.proxies(c.HTTP)
	v.tls(c)
	v.relay(c.TURN)
	if c.Cluster.HasRelay() && len(c.TURN.Listen) == 0 && len(c.TURN.TLSListen) == 0 && c.TLS.Listen == "" {
		v.add("turn.listen", "is empty; give at least one host:port, or tls.listen")
	}
	for _, listen := range c.TURN.Listen {
		v.listen("turn.listen", listen)
	}
	if len(c.TURN.Transports) == 0 {
		v.add("turn.transports", "is empty; give at least one of udp, tcp")
	}
	for i, transport := range c.TURN.Transports {
		v.oneOf("turn.transports", transport, "udp", "tcp")
		if slices.Contains(c.TURN.Transports[:i], transport) {
			v.add("turn.transports", transport+" is there twice; name it once")
		}
	}
	if c.TURN.PublicHost != "" && !ValidHost(c.TURN.PublicHost) {
		v.add("turn.public_host", fmt.Sprintf("%q is not a host; write a name or an address, without scheme and port", c.TURN.PublicHost))
	}
	v.text("turn.realm", c.TURN.Realm, 1, 127)
	v.duration("turn.credential_lifetime", c.TURN.CredentialLifetime, time.Minute, 24*time.Hour)
	v.number("turn.allocations_per_session", c.TURN.AllocationsPerSession, 1, 1000)
	v.number("turn.allocations_per_address", c.TURN.AllocationsPerAddress, 1, 1_000_000)
	v.number("turn.allocations", c.TURN.Allocations, 1, 10_000_000)
	v.number("turn.bandwidth_per_allocation", c.TURN.BandwidthPerAllocation, 0, 1<<40)
	v.number("turn.bandwidth", c.TURN.Bandwidth, 0, 1<<40)
	v.number("turn.traffic_per_month", c.TURN.TrafficPerMonth, 0, 1<<60)
	v.duration("match.patience", c.Match.Patience, 0, 10*time.Minute)
	v.duration("match.resume_grace", c.Match.ResumeGrace, 0, 10*time.Minute)
	v.duration("match.hello_timeout", c.Match.HelloTimeout, 100*time.Millisecond, time.Minute)
	v.number("match.sessions", c.Match.Sessions, 1, 10_000_000)
	v.number("match.sessions_per_address", c.Match.PerAddress, 1, 1_000_000)
	v.number("match.sessions_per_address_max", c.Match.PerAddressMax, 0, 10_000_000)
	if most := c.Match.PerAddressMax; most > 0 && most < c.Match.PerAddress {
		v.add("match.sessions_per_address_max", "is less than match.sessions_per_address; give at least as many, or 0 for four times that")
	}
	v.filter(c.Filter)
	v.bans(c.Bans)
	v.moderation(c.Moderation)
	v.age(c.Age)
	v.privacy(c.Privacy)
	v.site(c.Site)
	v.contact(c)
	v.admin(c.Admin)
	v.cluster(c)
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("log.format", c.Log.Format, "text", "json")
	v.oneOf("log.addresses", c.Log.Addresses, AddressesTruncated, AddressesNone, AddressesFull)
	return v.problems
}

// ValidHost reports whether host is a bare IP address or DNS name (RFC 1123),
// fit for an ICE URL.
func ValidHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Zone() == ""
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}) {
			return false
		}
	}
	return true
}

// validator gathers problems.
type validator struct{ problems []*Problem }

func (v *validator) add(key, detail string) {
	v.problems = append(v.problems, &Problem{Key: key, Detail: detail})
}

func (v *validator) text(key, value string, least, most int) {
	switch {
	case len(value) < least:
		v.add(key, "must not be empty")
	case len(value) > most:
		v.add(key, fmt.Sprintf("is longer than %d bytes; shorten it", most))
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		v.add(key, "contains a control character; take it out")
	}
}

func (v *validator) listen(key, value string) {
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		v.add(key, fmt.Sprintf("%q is not host:port; write for example \":8080\" or \"127.0.0.1:8080\"", value))
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		v.add(key, fmt.Sprintf("%q has no valid port; use 1 to 65535, or 0 for any free one", value))
	}
	if host != "" && !ValidHost(host) {
		v.add(key, fmt.Sprintf("%q has no valid host; use an address of this machine, or none for all", value))
	}
}

func (v *validator) origin(key, value string) {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || value != u.Scheme+"://"+u.Host {
		v.add(key, fmt.Sprintf("%q is not an origin; write scheme, host and port only, such as https://example.org", value))
	}
}

func (v *validator) duration(key string, value, least, most time.Duration) {
	if value < least || value > most {
		v.add(key, fmt.Sprintf("%s is out of range; use %s to %s", shortDuration(value), shortDuration(least), shortDuration(most)))
	}
}

func (v *validator) number(key string, value, least, most int) {
	if value < least || value > most {
		v.add(key, fmt.Sprintf("%d is out of range; use %d to %d", value, least, most))
	}
}

func (v *validator) oneOf(key, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		v.add(key, fmt.Sprintf("%q is not known; use %s", value, strings.Join(choices, ", ")))
	}
}

// proxies checks who may say where a request comes from.
func (v *validator) proxies(c HTTP) {
	for _, text := range c.TrustedProxies {
		if _, err := ParseProxy(text); err != nil {
			v.add("http.trusted_proxies", err.Error())
		}
	}
	v.oneOf("http.forwarded_header", c.ForwardedHeader, "X-Forwarded-For", "Forwarded")
	if len(c.TrustedProxies) == 0 && c.ForwardedHeader != Default().HTTP.ForwardedHeader {
		v.add("http.forwarded_header", "means nothing without http.trusted_proxies; name the proxies there, or take this out")
	}
}

// tls checks that whatever needs a certificate has one.
func (v *validator) tls(c Config) {
	if c.TLS.Listen != "" {
		v.listen("tls.listen", c.TLS.Listen)
	}
	for _, listen := range c.TURN.TLSListen {
		v.listen("turn.tls_listen", listen)
	}
	files := c.TLS.CertFile != "" || c.TLS.KeyFile != ""
	acme := len(c.TLS.ACMEDomains) > 0
	switch {
	case files && acme:
		v.add("tls.acme_domains", "and tls.cert_file are both given; keep one of them")
	case files && (c.TLS.CertFile == "" || c.TLS.KeyFile == ""):
		v.add("tls.cert_file", "and tls.key_file go together; give both")
	case !files && !acme && c.TLS.Listen != "":
		v.add("tls.listen", "needs a certificate: give tls.cert_file and tls.key_file, or tls.acme_domains")
	case !files && !acme && len(c.TURN.TLSListen) > 0:
		v.add("turn.tls_listen", "needs a certificate: give tls.cert_file and tls.key_file, or tls.acme_domains")
	case acme && c.TLS.Listen == "":
		v.add("tls.listen", "is empty; the certificate authority must reach it to give a certificate for tls.acme_domains; write \":443\"")
	}
	for _, domain := range c.TLS.ACMEDomains {
		if _, err := netip.ParseAddr(domain); err == nil || !ValidHost(domain) {
			v.add("tls.acme_domains", fmt.Sprintf("%q is not a domain name", domain))
		}
	}
	if u, err := url.Parse(c.TLS.ACMECA); err != nil || u.Scheme != "https" || u.Host == "" {
		v.add("tls.acme_ca", fmt.Sprintf("%q is not an https URL", c.TLS.ACMECA))
	}
}

// admin checks what only the operator may reach.
func (v *validator) admin(c Admin) {
	if len(c.Socket) > 100 {
		v.add("admin.socket", "is longer than a socket's path may be; choose one of at most 100 bytes")
	}
	if c.MetricsListen != "" {
		v.listen("admin.metrics_listen", c.MetricsListen)
	}
	v.web(c)
	if c.Listen == "" {
		if c.TokenFile != "" {
			v.add("admin.token_file", "means nothing without admin.listen; set that, or take this out")
		}
		return
	}
	v.listen("admin.listen", c.Listen)
	if beyondLoopback(c.Listen) {
		v.add("admin.listen", fmt.Sprintf("%q can be reached from elsewhere, and the token would cross the network in clear; listen on 127.0.0.1, and come through ssh -L or a reverse proxy with TLS", c.Listen))
	}
}

// relay checks the settings of open mode, and that none is given in vain.
func (v *validator) relay(c TURN) {
	v.oneOf("turn.relay", c.Relay, "masked", "open")
	v.oneOf("turn.offload", c.Offload, "off", "auto", "xdp")
	if c.Offload == "xdp" && c.Relay == "open" {
		v.add("turn.offload", "is xdp, which forwards for turn.relay: masked only; set it to off or auto")
	}
	if c.Offload == "off" && len(c.OffloadInterfaces) > 0 {
		v.add("turn.offload_interfaces", "means nothing while turn.offload is off; set that to auto or xdp, or take this out")
	}
	if _, _, err := ParsePorts(c.RelayPorts); err != nil {
		v.add("turn.relay_ports", err.Error())
	}
	for key, list := range map[string][]string{"turn.allow_peers": c.AllowPeers, "turn.deny_peers": c.DenyPeers} {
		for _, text := range list {
			if prefix, err := netip.ParsePrefix(text); err != nil || prefix.Masked() != prefix {
				v.add(key, fmt.Sprintf("%q is not a prefix; write one such as 10.0.0.0/8 or 2001:db8::/32, without host bits", text))
			}
		}
	}
	for key, list := range map[string][]string{"turn.relay_addresses": c.RelayAddresses, "turn.external_addresses": c.ExternalAddresses} {
		for _, text := range list {
			if addr, err := netip.ParseAddr(text); err != nil || addr.IsUnspecified() || addr.Zone() != "" {
				v.add(key, fmt.Sprintf("%q is not an address of a machine; write one such as 192.0.2.1", text))
			}
		}
	}
	switch {
	case c.Relay == "open" && len(c.RelayAddresses) == 0:
		v.add("turn.relay_addresses", "is empty; turn.relay: open needs an address of this machine")
	case len(c.ExternalAddresses) > 0 && len(c.ExternalAddresses) != len(c.RelayAddresses):
		v.add("turn.external_addresses", "must have as many entries as turn.relay_addresses, in the same order")
	case c.Relay == "masked" && (c.UsersFile != "" || len(c.SecretFiles) > 0 || len(c.RelayAddresses) > 0):
		v.add("turn.relay", "is masked, where users_file, secret_files and relay_addresses mean nothing; set it to open, or take them out")
	}
}

// filter checks the policies and steps against spam.
func (v *validator) filter(c Filter) {
	v.oneOf("filter.links", c.Links, "allow", "mask", "reject")
	v.oneOf("filter.contacts", c.Contacts, "allow", "mask", "reject")
	v.oneOf("filter.words", c.Words, "allow", "mask", "reject")
	if c.Words == "allow" && c.WordsFile != "" {
		v.add("filter.words_file", "means nothing while filter.words is allow; set that to mask or reject, or take this out")
	}
	v.number("filter.repeats", c.Repeats, 0, 100)
	v.number("filter.mute_after", c.MuteAfter, 0, 1000)
	v.duration("filter.mute_for", c.MuteFor, time.Second, 24*time.Hour)
	v.number("filter.ban_after", c.BanAfter, 0, 1000)
	if c.BanFor != 0 && (c.BanFor < time.Minute || c.BanFor > longestBan) {
		v.add("filter.ban_for", fmt.Sprintf("%s is out of range; use 0 or 1m to %s", shortDuration(c.BanFor), shortDuration(longestBan)))
	}
}

// bans checks how long bans last. Their bounds are those of joingyd ban.
func (v *validator) bans(c Bans) {
	v.duration("bans.default_for", c.DefaultFor, time.Minute, longestBan)
	if _, err := ParseSteps(c.Steps); err != nil {
		v.add("bans.steps", err.Error())
	}
	v.duration("bans.shared_for", c.SharedFor, time.Minute, longestBan)
	for _, text := range c.Shared {
		if _, err := ParsePrefix(text); err != nil {
			v.add("bans.shared", err.Error())
		}
	}
	v.number("bans.widen_after", c.WidenAfter, 0, 256)
	v.duration("bans.widen_for", c.WidenFor, time.Minute, longestBan)
}

// ParsePorts reads a range of ports, first-last.
func ParsePorts(text string) (first, last uint16, err error) {
	from, to, ok := strings.Cut(text, "-")
	a, errA := strconv.ParseUint(from, 10, 16)
	b, errB := strconv.ParseUint(to, 10, 16)
	if !ok || errA != nil || errB != nil || a == 0 || a > b {
		return 0, 0, fmt.Errorf("%q is not a range of ports; write first-last, such as 49152-65535", text)
	}
	return uint16(a), uint16(b), nil
}

// longestBan is the longest time that a ban can have.
const longestBan = 3650 * 24 * time.Hour

// maxSteps is how many steps bans.steps can have.
const maxSteps = 20

// ParseSteps reads how long the bans of an address last, one after the other.
func ParseSteps(texts []string) (steps []time.Duration, err error) {
	if len(texts) == 0 || len(texts) > maxSteps {
		return nil, fmt.Errorf("has %d steps; give 1 to %d, such as 1h, 24h, 720h", len(texts), maxSteps)
	}
	for i, text := range texts {
		step, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is not a duration; write one with its unit, such as 90m or 24h", text)
		case step < time.Minute || step > longestBan:
			return nil, fmt.Errorf("%q is out of range; use %s to %s", text, shortDuration(time.Minute), shortDuration(longestBan))
		case i > 0 && step < steps[i-1]:
			return nil, fmt.Errorf("%q is shorter than the step before it; put them in order", text)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// ParsePrefix reads an address or a prefix.
func ParsePrefix(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if addr, addrErr := netip.ParseAddr(text); addrErr == nil && addr.Zone() == "" {
		prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case err != nil || prefix.Masked() != prefix:
		return prefix, fmt.Errorf("%q is neither an address nor a prefix; write one such as 127.0.0.1 or 10.0.0.0/24, without host bits", text)
	case prefix.Addr().Is4In6():
		return prefix, fmt.Errorf("%q is IPv4 written as IPv6; leave ::ffff: away", text)
	}
	return prefix, nil
}

// ParseProxy reads an address or a prefix of trusted proxies.
func ParseProxy(text string) (netip.Prefix, error) {
	prefix, err := ParsePrefix(text)
	if err == nil && prefix.Bits() == 0 {
		err = fmt.Errorf("%q lets everybody claim any address; name the proxies alone", text)
	}
	return prefix, err
}

func (v *validator) moderation(m Moderation) {
	v.duration("moderation.hold", m.Hold, 30*24*time.Hour, 10*365*24*time.Hour)
	v.number("moderation.audit_days", m.AuditDays, 90, 3650)
	if days := int(m.Hold / (24 * time.Hour)); m.AuditDays < days {
		v.add("moderation.audit_days", fmt.Sprintf("%d days are less than moderation.hold (%d days), and what is held would outlast the record of who decided it; write at least as many", m.AuditDays, days))
	}
	v.number("moderation.snapshot_share", m.SnapshotShare, 0, 100)
	v.duration("moderation.snapshot_every", m.SnapshotEvery, 2*time.Second, time.Hour)
}

func (v *validator) privacy(p Privacy) {
	v.number("privacy.ip_log_days", p.IPLogDays, 0, 3650)
}
