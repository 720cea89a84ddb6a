package coturn

import (
	"cmp"
	"net"
	"net/netip"
	"strconv"
)

// option is how one is translated.
type option struct {
	needsValue bool
	isSwitch   bool // a value may switch it off
	secret     bool // its value is never shown
	translate  func(*state, line) (fate Fate, key, why string)
}

// set is an option with a value, and fixed one whose note is always the same.
func set(translate func(*state, line) (Fate, string, string)) option {
	return option{needsValue: true, translate: translate}
}

func fixed(fate Fate, why string) option {
	return option{translate: func(*state, line) (Fate, string, string) { return fate, "", why }}
}

func toggle(turn func(*state), key, why string) option {
	return option{isSwitch: true, translate: func(s *state, _ line) (Fate, string, string) { turn(s); return Taken, key, why }}
}

// off is fixed for a switch.
func off(fate Fate, why string) option { o := fixed(fate, why); o.isSwitch = true; return o }

// hidden is fixed for what holds a password.
func hidden(fate Fate, why string) option { o := fixed(fate, why); o.secret = true; return o }

func hiddenSet(translate func(*state, line) (Fate, string, string)) option {
	o := set(translate)
	o.secret = true
	return o
}

func text(at func(*state) *string, key string) option {
	return set(func(s *state, l line) (Fate, string, string) { *at(s) = l.value; return Taken, key, "" })
}

func port(at func(*state) *int, key string) option {
	return set(func(s *state, l line) (Fate, string, string) {
		fate, why := setPort(at(s), l)
		return fate, key, why
	})
}

// Reasons that several options share.
const (
	whyDatabase  = "users and secrets come from files here: turn.users_file, turn.secret_files"
	whyDiscovery = "NAT behaviour discovery (RFC 5780) is not offered, and browsers do not use it"
	whyRedirect  = "clients are not sent to other servers: name those in the ICE servers that the back ends hand out"
	whyCLI       = "there is no telnet: joingyd relay, over the control socket, for root and the group admin.group"
	whyWebAdmin  = "there is no web page for the relay: joingyd relay, joingyd top and the metrics show what it showed"
	whyLog       = "the log goes to stderr, which systemd's journal keeps: journalctl -u joingyd"
	whyCiphers   = "is Go's choice, of what is held to be safe (TLS 1.2 and 1.3)"
	whyProcess   = "systemd starts the daemon as the user joingyd"
	whyFamily    = "an allocation is IPv4 unless it asks for IPv6 (RFC 8656)"
	whyRFC       = "is as in RFC 8656"
	whyThreads   = "there is a socket for each core, and no thread to count"
)

// options are all of coturn 4.6's, and those of earlier versions that are still met.
var options = map[string]option{
	"listening-device":       fixed(None, "name addresses, not an interface, in turn.listen"),
	"listening-port":         port(func(s *state) *int { return &s.listens.port }, "turn.listen"),
	"tls-listening-port":     port(func(s *state) *int { return &s.listens.tlsPort }, "turn.tls_listen"),
	"alt-listening-port":     fixed(None, whyDiscovery),
	"alt-tls-listening-port": fixed(None, whyDiscovery),
	"tcp-proxy-port":         fixed(None, "the PROXY protocol is not spoken: let clients reach turn.listen directly"),
	"listening-ip":           set(listeningIP),
	"aux-server":             fixed(None, "add the address to turn.listen, which takes any number"),
	"udp-self-balance":       off(Same, whyThreads),
	"relay-device":           fixed(None, "name addresses, not an interface, in turn.relay_addresses"),
	"relay-ip":               set(relayIP),
	"external-ip":            set(externalIP),
	"relay-threads":          fixed(Same, whyThreads),
	"min-port":               port(func(s *state) *int { return &s.relays.first }, "turn.relay_ports"),
	"max-port":               port(func(s *state) *int { return &s.relays.last }, "turn.relay_ports"),

	"lt-cred-mech": off(Same, "is the only way in"),
	"no-auth":      off(None, "nobody relays without credentials: an open relay is abused within hours. Hand out users or REST credentials"),
	"use-auth-secret": {isSwitch: true, translate: func(s *state, _ line) (Fate, string, string) {
		s.isSecret = true
		return Taken, "turn.secret_files", ""
	}},
	"static-auth-secret": hiddenSet(staticSecret),
	"user":               hiddenSet(staticUser),
	"realm":              text(func(s *state) *string { return &s.Config.TURN.Realm }, "turn.realm"),
	"rest-api-separator": fixed(None, "a REST username is expiry:anything, with a colon; change the back ends if they use another sign"),
	"server-name":        fixed(None, "is for OAuth, which is not spoken; no browser does"),
	"oauth":              off(None, "is not spoken; no browser does. Hand out REST credentials"),
	"userdb":             fixed(None, whyDatabase),
	"db":                 fixed(None, whyDatabase),
	"psql-userdb":        hidden(None, whyDatabase),
	"sql-userdb":         hidden(None, whyDatabase),
	"mysql-userdb":       hidden(None, whyDatabase),
	"mongo-userdb":       hidden(None, whyDatabase),
	"redis-userdb":       hidden(None, whyDatabase),
	"redis-statsdb":      hidden(None, "figures are metrics for Prometheus: admin.metrics_listen"),
	"secret-key-file":    fixed(None, whyDatabase),
	"no-auth-pings":      off(Same, "no database is asked"),
	"no-dynamic-ip-list": off(Same, "no database is asked; joingyd ban takes effect at once"),
	"no-dynamic-realms":  off(Same, "there is one realm"),

	"check-origin-consistency": off(None, "TURN's ORIGIN attribute is not read; no browser sends it"),
	"user-quota": set(number(func(s *state, n int) { s.Config.TURN.AllocationsPerSession = n }, "turn.allocations_per_session",
		"0 is no limit there; here a user, or a session of the site, may hold turn.allocations_per_session (32)")),
	"total-quota": set(number(func(s *state, n int) { s.Config.TURN.Allocations = n }, "turn.allocations",
		"0 is no limit there; here turn.allocations bounds all (100,000)")),
	"max-bps":      set(number(func(s *state, n int) { s.Config.TURN.BandwidthPerAllocation = n }, "turn.bandwidth_per_allocation", "")),
	"bps-capacity": set(number(func(s *state, n int) { s.Config.TURN.Bandwidth = n }, "turn.bandwidth", "")),

	"no-udp":       toggle(func(s *state) { s.listens.noUDP = true }, "turn.transports", ""),
	"no-tcp":       toggle(func(s *state) { s.listens.noTCP = true }, "turn.transports", ""),
	"no-tls":       toggle(func(s *state) { s.listens.noTLS = true }, "turn.tls_listen", ""),
	"no-dtls":      toggle(func(s *state) { s.listens.noDTLS = true }, "turn.tls_listen", ""),
	"no-udp-relay": off(None, "every relay is over UDP; without it there is nothing to relay"),
	"no-tcp-relay": off(Same, "there are no TCP relays (RFC 6062)"),
	"mobility":     off(None, "is not spoken (RFC 8016); a browser that changes networks makes a new allocation, and a site's session resumes"),

	"stale-nonce":           fixed(Same, "a nonce ends in time, as RFC 8489 asks"),
	"max-allocate-lifetime": fixed(Same, whyRFC),
	"channel-lifetime":      fixed(Same, whyRFC),
	"permission-lifetime":   fixed(Same, whyRFC),
	"max-allocate-timeout":  fixed(Same, "a stream without a good credential is closed after 30 s"),

	"stun-only":   off(None, "a relay cannot be switched off alone; turn.allow_peers and turn.deny_peers say whom it reaches"),
	"no-stun":     off(None, "Binding is always answered, as ICE needs"),
	"secure-stun": off(None, "Binding needs no credentials, as ICE needs"),

	"cert":            text(func(s *state) *string { return &s.Config.TLS.CertFile }, "tls.cert_file"),
	"pkey":            text(func(s *state) *string { return &s.Config.TLS.KeyFile }, "tls.key_file"),
	"pkey-pwd":        hidden(None, "a key with a password is not read: take it off (openssl pkey -in OLD -out NEW), and keep the file mode 0600"),
	"CA-file":         fixed(None, "clients bring no certificates; credentials say who they are"),
	"raw-public-keys": off(None, "certificates alone are spoken (TLS 1.2 and 1.3)"),
	"cipher-list":     fixed(Same, whyCiphers),
	"ec-curve-name":   fixed(Same, whyCiphers),
	"dh-file":         fixed(Same, whyCiphers),
	"dh566":           off(Same, whyCiphers),
	"dh1066":          off(Same, whyCiphers),
	"no-sslv2":        off(Same, whyCiphers),
	"no-sslv3":        off(Same, whyCiphers),
	"no-tlsv1":        off(Same, whyCiphers),
	"no-tlsv1_1":      off(Same, whyCiphers),
	"no-tlsv1_2":      off(None, "TLS 1.2 stays on, for browsers and programs that have no 1.3"),
	"acme-redirect":   fixed(None, "tls.acme_domains obtains a certificate without another server (over TLS, at port 443)"),

	"log-file":                 fixed(None, whyLog),
	"no-stdout-log":            off(None, whyLog),
	"syslog":                   off(Same, whyLog),
	"syslog-facility":          fixed(None, whyLog),
	"simple-log":               off(Same, whyLog),
	"new-log-timestamp":        off(Same, "times are in ISO 8601"),
	"new-log-timestamp-format": fixed(None, "times are in ISO 8601"),
	"log-binding":              off(None, "no packet makes a line in the log; the metrics count them"),
	"verbose":                  toggle(debug, "log.level", ""),
	"Verbose":                  toggle(debug, "log.level", ""),

	"alternate-server":     fixed(None, whyRedirect),
	"tls-alternate-server": fixed(None, whyRedirect),

	"fingerprint":                       off(Same, "Binding is answered with FINGERPRINT; no client needs it elsewhere"),
	"software-attribute":                off(None, "the program is not named"),
	"no-software-attribute":             off(Same, "the program is not named"),
	"no-rfc5780":                        off(Same, whyDiscovery),
	"no-stun-backward-compatibility":    off(Same, "RFC 3489 is not spoken"),
	"response-origin-only-with-rfc5780": off(Same, whyDiscovery),
	"respond-http-unsupported":          off(None, "what is not TURN is closed"),

	"allowed-peer-ip":                   set(peerRange(func(s *state) *[]addrRange { return &s.peers.allowed }, "turn.allow_peers")),
	"denied-peer-ip":                    set(peerRange(func(s *state) *[]addrRange { return &s.peers.denied }, "turn.deny_peers")),
	"no-loopback-peers":                 off(Same, "peers on loopback are denied, and so is every special-purpose range"),
	"allow-loopback-peers":              off(None, "lets clients reach what listens on this machine alone; if that is meant, put 127.0.0.0/8 into turn.allow_peers"),
	"no-multicast-peers":                off(Same, "multicast peers are denied"),
	"server-relay":                      off(None, "everybody could send to relay sockets; permissions are always checked"),
	"keep-address-family":               off(None, whyFamily),
	"allocation-default-address-family": fixed(None, whyFamily),

	"prometheus":                 {translate: prometheus},
	"prometheus-port":            set(prometheusPort),
	"prometheus-address":         set(prometheusAddress),
	"prometheus-path":            fixed(None, "the path is /metrics"),
	"prometheus-username-labels": off(None, "no metric names a person; joingyd relay list has what each carries"),

	"daemon":     off(Same, whyProcess),
	"pidfile":    fixed(None, whyProcess+", and knows its process"),
	"proc-user":  fixed(None, whyProcess),
	"proc-group": fixed(None, whyProcess),
	"ne":         fixed(Same, whyThreads),
	"version":    fixed(None, "joingyd version"),

	"no-cli":                      off(Same, whyCLI),
	"cli-ip":                      fixed(None, whyCLI),
	"cli-port":                    fixed(None, whyCLI),
	"cli-password":                hidden(None, whyCLI),
	"cli-max-output-sessions":     fixed(None, whyCLI),
	"web-admin":                   off(None, whyWebAdmin),
	"web-admin-ip":                fixed(None, whyWebAdmin),
	"web-admin-port":              fixed(None, whyWebAdmin),
	"web-admin-listen-on-workers": off(None, whyWebAdmin),
}

func debug(s *state) { s.Config.Log.Level = "debug" }

// coturn's metrics are at this port of every address.
const prometheusDefault = "9641"

func prometheus(s *state, _ line) (Fate, string, string) {
	host, port := s.metrics()
	s.Config.Admin.MetricsListen = net.JoinHostPort(host, port)
	return Taken, "admin.metrics_listen", "on loopback, for it has no password; the metrics have other names"
}

// metrics is where they are so far.
func (s *state) metrics() (host, port string) {
	host, port, _ = net.SplitHostPort(s.Config.Admin.MetricsListen)
	if port == "0" {
		port = prometheusDefault
	}
	return cmp.Or(host, "127.0.0.1"), port
}

func prometheusPort(s *state, l line) (Fate, string, string) {
	var n int
	if fate, why := setPort(&n, l); fate == Wrong {
		return fate, "admin.metrics_listen", why
	}
	host, _ := s.metrics()
	s.Config.Admin.MetricsListen = net.JoinHostPort(host, strconv.Itoa(n))
	return Taken, "admin.metrics_listen", ""
}

func prometheusAddress(s *state, l line) (Fate, string, string) {
	addr, err := netip.ParseAddr(l.value)
	if err != nil || addr.Zone() != "" {
		return Wrong, "admin.metrics_listen", "is not an address"
	}
	_, port := s.metrics()
	s.Config.Admin.MetricsListen = net.JoinHostPort(addr.String(), port)
	return Taken, "admin.metrics_listen", ""
}
