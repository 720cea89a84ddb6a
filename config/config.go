// Package config is the daemon's one strict configuration: a plain struct, its
// defaults, and a loader that merges file, environment and flags.
//
//	defaults < file (--config) < JOINGYD_… environment < flags
//
// Cobra's flags and Viper stay inside this package. A key that nobody knows, or
// a value that does not fit, refuses to start and names where it was found, the
// key and the remedy. Every key, flag, environment name and line of
// documentation comes from the struct's tags, so they cannot drift apart.
package config

import "time"

// Config holds every setting. Load fills and validates it; afterwards it is
// only read.
type Config struct {
	DataDir string `key:"data_dir" flag:"data-dir" doc:"Directory for the ban store, generated secrets and the admin socket. Made with mode 0700 if it is missing."`
	HTTP    HTTP   `key:"http"`
	TURN    TURN   `key:"turn"`
	Match   Match  `key:"match"`
	Bans    Bans   `key:"bans"`
	Site    Site   `key:"site"`
	Admin   Admin  `key:"admin"`
	Log     Log    `key:"log"`
}

// HTTP is the listener for pages and the WebSocket.
type HTTP struct {
	Listen        string   `key:"listen" flag:"listen" doc:"Address for pages and WebSocket, host:port. An empty host means every address."`
	TLSSelfSigned bool     `key:"tls_self_signed" flag:"tls-self-signed" doc:"Serve https with a certificate made on first start. For a LAN: browsers give a camera only to https or localhost."`
	AllowOrigins  []string `key:"allow_origins" doc:"Further web origins (https://host[:port]) whose pages may open the WebSocket. The site's own is always allowed."`
	AllowNoOrigin bool     `key:"allow_no_origin" doc:"Let clients without an Origin header open the WebSocket: programs, never browsers."`
}

// TURN is the relay.
type TURN struct {
	Listen                string        `key:"listen" flag:"turn-listen" doc:"Address for STUN/TURN, host:port, for every transport."`
	Transports            []string      `key:"transports" doc:"Client transports to offer: udp, tcp."`
	PublicHost            string        `key:"public_host" doc:"Host name or address in the ICE URLs. Empty: the host that the browser asked for."`
	Realm                 string        `key:"realm" doc:"Realm of the long-term credential mechanism (RFC 8489 section 9.2)."`
	CredentialLifetime    time.Duration `key:"credential_lifetime" doc:"How long a session's TURN credentials allow new allocations. A live allocation outlives them."`
	AllocationsPerSession int           `key:"allocations_per_session" doc:"Live allocations that one session may hold; browsers gather on every transport and interface."`
}

// Match is the matchmaker.
type Match struct {
	Patience     time.Duration `key:"patience" doc:"How long a visitor with interests waits for a common one before anybody will do."`
	ResumeGrace  time.Duration `key:"resume_grace" doc:"How long a session outlives its socket."`
	HelloTimeout time.Duration `key:"hello_timeout" doc:"How long a new socket may stay silent."`
	PerAddress   int           `key:"sessions_per_address" doc:"Sessions that one address (IPv6: /64) may hold."`
}

// Bans is the ban store.
type Bans struct {
	DefaultFor time.Duration `key:"default_for" doc:"How long a ban lasts that names no duration."`
}

// Site is what visitors read.
type Site struct {
	Name    string `key:"name" doc:"Name of the site."`
	Contact string `key:"contact" doc:"E-mail or URL for visitors to reach the operator."`
	Policy  string `key:"policy" doc:"Version of rules, terms and privacy policy. A change asks every visitor for consent again."`
}

// Admin is the control socket.
type Admin struct {
	Socket string `key:"socket" doc:"Path of the control socket. Empty: admin.sock in the data directory."`
}

// Log is the daemon's own log, on stderr.
type Log struct {
	Level  string `key:"level" doc:"debug, info, warn or error."`
	Format string `key:"format" doc:"text or json."`
}

// Default returns the settings of a daemon that was told nothing.
func Default() Config {
	return Config{
		DataDir: "./var",
		HTTP:    HTTP{Listen: ":8080", AllowOrigins: []string{}},
		TURN: TURN{
			Listen:                ":3478",
			Transports:            []string{"udp", "tcp"},
			Realm:                 "joingyd",
			CredentialLifetime:    time.Hour,
			AllocationsPerSession: 32,
		},
		Match: Match{
			Patience:     3 * time.Second,
			ResumeGrace:  15 * time.Second,
			HelloTimeout: 5 * time.Second,
			PerAddress:   32,
		},
		Bans: Bans{DefaultFor: 24 * time.Hour},
		Site: Site{Name: "joingyd", Policy: "2026-11-24"},
		Log:  Log{Level: "info", Format: "text"},
	}
}
