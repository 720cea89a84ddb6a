// Package config is the daemon's one strict configuration: a plain struct, its
// defaults, and a loader that merges file, environment and flags.
//
//	defaults < file (--config) < JOINGYD_… environment < flags
//
// Cobra's flags and Viper stay inside this package. A key that nobody knows, or
// a value that does not fit, refuses to start and names where it was found, the
// key and the remedy. Every key, flag, environment name and line of
// documentation comes from the struct's tags, so they cannot drift apart. Those tagged
// reload:"live" are taken over by a running daemon.
package config

import "time"

// Config holds every setting. Load fills and validates it; afterwards it is
// only read.
type Config struct {
	DataDir string `key:"data_dir" flag:"data-dir" doc:"Directory for the ban store, generated secrets and the admin socket. Made with mode 0700 if it is missing."`
	HTTP    HTTP   `key:"http"`
	TLS     TLS    `key:"tls"`
	TURN    TURN   `key:"turn"`
	Match   Match  `key:"match"`
	Filter  Filter `key:"filter"`
	Bans    Bans   `key:"bans"`

	Moderation Moderation `key:"moderation"`
	Age        Age        `key:"age"`
	Privacy    Privacy    `key:"privacy"`

	Site  Site  `key:"site"`
	Admin Admin `key:"admin"`

	Cluster Cluster `key:"cluster"`

	Log Log `key:"log"`
}

// HTTP is the listener for pages and the WebSocket.
type HTTP struct {
	Listen        string   `key:"listen" flag:"listen" doc:"Address for pages and WebSocket, host:port. An empty host means every address, which needs site.contact and site.abuse_contact. Empty: \":8080\" with these, and without them port 8080 of this machine alone (127.0.0.1 and ::1)."`
	TLSSelfSigned bool     `key:"tls_self_signed" flag:"tls-self-signed" doc:"Serve https with a certificate made on first start. For a LAN: browsers give a camera only to https or localhost."`
	AllowOrigins  []string `key:"allow_origins" reload:"live" doc:"Further web origins (https://host[:port]) whose pages may open the WebSocket. The site's own is always allowed."`
	AllowNoOrigin bool     `key:"allow_no_origin" reload:"live" doc:"Let clients without an Origin header open the WebSocket: programs, never browsers."`

	TrustedProxies  []string `key:"trusted_proxies" reload:"live" doc:"Addresses or prefixes of reverse proxies that say in forwarded_header where a request comes from. None: the header is never read. Visitors within could claim any address."`
	ForwardedHeader string   `key:"forwarded_header" reload:"live" doc:"Header of the trusted proxies: X-Forwarded-For, or Forwarded (RFC 7239). The other is never read."`
}

// TLS is the certificate and the port where it serves everything.
type TLS struct {
	Listen      string   `key:"listen" flag:"tls-listen" doc:"Address for https, WebSocket and TURN over TLS on one port, such as \":443\". Empty: none. Needs a certificate."`
	CertFile    string   `key:"cert_file" doc:"File with the certificate chain, PEM. Taken anew when it changes."`
	KeyFile     string   `key:"key_file" doc:"File with its private key, PEM, not readable by others."`
	ACMEDomains []string `key:"acme_domains" doc:"Names to obtain a certificate for (ACME), instead of the files. tls.listen must be reachable as their port 443."`
	ACMEEmail   string   `key:"acme_email" doc:"Contact for the certificate authority. Giving domains accepts its terms."`
	ACMECA      string   `key:"acme_ca" doc:"Directory URL of the certificate authority."`
}

// TURN is the relay.
type TURN struct {
	Listen                 []string      `key:"listen" flag:"turn-listen" doc:"Addresses for STUN/TURN, host:port, each for every transport. An empty host means every address, and until site.contact and site.abuse_contact are set (or turn.relay is open) this machine alone: 127.0.0.1 and ::1."`
	Transports             []string      `key:"transports" doc:"Client transports to offer there: udp, tcp."`
	TLSListen              []string      `key:"tls_listen" doc:"Addresses for TURN over TLS and DTLS, such as \":5349\". An empty host is as in turn.listen. Needs a certificate (tls). The https port (tls.listen) serves TURN over TLS too."`
	PublicHost             string        `key:"public_host" reload:"live" doc:"Host name or address in the ICE URLs. Empty: the host that the browser asked for."`
	Realm                  string        `key:"realm" doc:"Realm of the long-term credential mechanism (RFC 8489 section 9.2)."`
	CredentialLifetime     time.Duration `key:"credential_lifetime" doc:"How long a session's TURN credentials allow new allocations. A live allocation outlives them."`
	AllocationsPerSession  int           `key:"allocations_per_session" reload:"live" doc:"Live allocations that one session may hold; browsers gather on every transport and interface."`
	AllocationsPerAddress  int           `key:"allocations_per_address" reload:"live" doc:"Live allocations that one client address (IPv6: /64) may hold."`
	Allocations            int           `key:"allocations" reload:"live" doc:"Live allocations in all."`
	BandwidthPerAllocation int           `key:"bandwidth_per_allocation" doc:"Bytes a second that one allocation may send. 0 means no limit."`
	Bandwidth              int           `key:"bandwidth" doc:"Bytes a second that all allocations together may send. 0 means no limit."`
	TrafficPerMonth        int           `key:"traffic_per_month" reload:"live" doc:"Bytes that the relay may carry in a calendar month (UTC), counted as joingyd_turn_bytes_total counts: what packets carry, once, without their headers. From then on no video chat begins until the month is over; calls that run and text chats go on (docs/operations.md). 0 means no limit."`
	Offload                string        `key:"offload" doc:"Forwarding of paired UDP clients inside the kernel (XDP), masked mode only. off: none. auto: where kernel, capabilities and interfaces allow it, else none, with a line in the log. xdp: refuse to start without."`
	OffloadInterfaces      []string      `key:"offload_interfaces" doc:"Network interfaces for offload. Empty: all that are up, loopback aside."`
	Relay                  string        `key:"relay" doc:"masked: relay addresses exist only inside the daemon, and reach only the partner. open: ordinary TURN with real sockets, for other programs too."`
	RelayAddresses         []string      `key:"relay_addresses" doc:"open: addresses of this machine for relay sockets, at most one IPv4 and one IPv6."`
	ExternalAddresses      []string      `key:"external_addresses" doc:"open: what clients are told instead of each of relay_addresses, behind 1:1 NAT."`
	RelayPorts             string        `key:"relay_ports" doc:"open: ports of relay sockets, first-last."`
	AllowPeers             []string      `key:"allow_peers" doc:"open: prefixes that may be peers although they are special or this machine's."`
	DenyPeers              []string      `key:"deny_peers" doc:"open: prefixes that may not be peers. Wins over allow_peers."`
	UsersFile              string        `key:"users_file" reload:"live" doc:"open: file of static users, a line user:password each, mode 0600."`
	SecretFiles            []string      `key:"secret_files" reload:"live" doc:"open: files with secrets shared with back ends that hand out TURN REST credentials; several, to rotate them. At least 32 bytes each, mode 0600."`
}

// Match is the matchmaker.
type Match struct {
	Patience     time.Duration `key:"patience" doc:"How long a visitor with interests waits for a good match, at most, before anybody will do. Longer is better matched: docs/benchmarks.md shows by how much."`
	AnyLanguage  bool          `key:"any_language" doc:"Let two who do not speak a common language meet when the patience of both has ended."`
	ResumeGrace  time.Duration `key:"resume_grace" doc:"How long a session outlives its socket, and a chat the daemon, once the next has started. 0s: not at all."`
	HelloTimeout time.Duration `key:"hello_timeout" doc:"How long a new socket may stay silent."`

	Sessions      int `key:"sessions" reload:"live" doc:"Sessions in all. Newcomers past that are told to come again later. A sixteenth more sockets are let in, for sessions that are resumed."`
	PerAddress    int `key:"sessions_per_address" reload:"live" doc:"Sessions that one address (IPv6: /64) may hold without work. How fast they may come and search grows with it: see docs/operations.md."`
	PerAddressMax int `key:"sessions_per_address_max" reload:"live" doc:"Sessions that one address may hold at all: those past sessions_per_address have to do some work before they are matched. It may hold twice as many sockets: one that is lost and its successor overlap. 0: four times sessions_per_address."`
}

// Filter is what becomes of what visitors write, and of who spams.
type Filter struct {
	Links     string        `key:"links" reload:"live" doc:"Links in texts and interests. allow, mask (delivered without it) or reject."`
	Contacts  string        `key:"contacts" reload:"live" doc:"E-mail addresses, telephone numbers and names on other sites (\"snap: lisa\"). allow, mask or reject."`
	Words     string        `key:"words" reload:"live" doc:"Words of the list. allow, mask or reject."`
	WordsFile string        `key:"words_file" reload:"live" doc:"File with this site's words, beside those that are known: one word or phrase a line, !word to allow one, # before a comment."`
	Repeats   int           `key:"repeats" reload:"live" doc:"In how many chats within 10 minutes a visitor may give the same link or contact. A long line without one may be said in twice as many, and all visitors together may give a link or contact in four times as many. What comes after is rejected. 0: any number."`
	MuteAfter int           `key:"mute_after" reload:"live" doc:"Strikes of an address (IPv6: /64) within an hour that mute it: texts rejected for repetition or as a link. 0: never."`
	MuteFor   time.Duration `key:"mute_for" reload:"live" doc:"How long a mute lasts."`
	BanAfter  int           `key:"ban_after" reload:"live" doc:"Strikes of an address within an hour that ban it. 0: never."`
	BanFor    time.Duration `key:"ban_for" reload:"live" doc:"How long such a ban lasts. 0: as bans.steps has it, longer each time."`
}

// Bans is how long bans last, and how far they reach.
type Bans struct {
	DefaultFor time.Duration `key:"default_for" reload:"live" doc:"How long a ban lasts that names no duration."`
	Steps      []string      `key:"steps" reload:"live" doc:"How long the first, second, … ban of an address lasts, and every one after the last, if it is to escalate (joingyd ban --escalate) or a rule makes it without a time. Permanent is never a step: that needs a person."`
	SharedFor  time.Duration `key:"shared_for" reload:"live" doc:"How long a ban lasts at most that hits many who share an address: of joingyd ban --shared, and of rules within bans.shared."`
	Shared     []string      `key:"shared" reload:"live" doc:"Addresses and prefixes that many people share: a carrier's NAT, a school. What rules ban there is short (bans.shared_for), and joingyd ban says so."`
	WidenAfter int           `key:"widen_after" doc:"How many banned IPv6 /64s of one /56 ban all of it for a time, and how many such /56s their /48. No ban out of a list does that, nor one on what many share. 0: never."`
	WidenFor   time.Duration `key:"widen_for" doc:"How long such a ban lasts."`
}

// Moderation is how reports are judged.
type Moderation struct {
	TwoPeople bool `key:"two_people" doc:"A permanent ban for a report needs two people: what the first decides bans for a time, and the second confirms it."`

	Recipients []string `key:"recipients" doc:"Public keys of the moderators (age1…, by age-keygen on their own machines). What reports bring is kept sealed for them, and the daemon itself cannot read it. Empty: it is kept in memory, and lost at a restart."`
	AuditHeads string   `key:"audit_heads" doc:"File to which the head of the audit log is appended at the start, every day and at the end. It shows a log that was changed as a whole, if it is where nobody who can change the log can change it, such as on another machine. Empty: none."`

	Hold      time.Duration `key:"hold" doc:"How long the evidence of a case in which somebody under 18 may be concerned is held once the case has ended, other than by dismissal; then it is deleted. Kept in memory only, it is lost at a restart."`
	AuditDays int           `key:"audit_days" reload:"live" doc:"Days that the audit log is kept, in whole months. At least as long as hold: it says who decided what is still held."`

	Classifier          string        `key:"classifier" doc:"URL of an image classifier (docs/classifier.md), http://, https:// or unix:///path. Empty: none; then see moderation.browser_classifier."`
	ClassifierTokenFile string        `key:"classifier_token_file" doc:"File with the token that the classifier wants, mode 0600. Empty: none."`
	BrowserClassifier   bool          `key:"browser_classifier" doc:"Where the server has nothing to look with (no classifier, and no known images at the start), have the browser of whoever sees a picture look at the stills, if this binary has the model for that: only those that it flags leave it (docs/moderation.md)."`
	SnapshotShare       int           `key:"snapshot_share" doc:"How many of 100 pictures of video chats are looked at at all; of sessions younger than 10 minutes twice as many, of those that are reported more. 0: none, whatever else is set."`
	SnapshotEvery       time.Duration `key:"snapshot_every" doc:"Mean time between two stills of one picture."`
	Rules               []string      `key:"rules" doc:"What is done about what is seen in a still, such as \"porn>=0.85: blur queue\": blur hides the picture until the partner wants to see it, warn tells who is on it, end ends the chat, queue has a person judge it, ban bans for the next of bans.steps where two partners saw something or the visitor's own still agrees. known: an image of the list. Of what only a visitor's browser found, blur and queue are done, and warn, end and ban are left to a person: they are queue then."`
}

// Age is how proof of age is asked for.
type Age struct {
	Required     string        `key:"required" doc:"Who has to prove that they are an adult before the first match (docs/age.md). off: nobody. video: who wants a video chat. all: everybody."`
	Page         string        `key:"page" doc:"Address of your checker's page, where visitors are sent: https, or of this machine."`
	Check        string        `key:"check" doc:"Address where joingyd asks the checker what it found: https, or of this machine."`
	Origin       string        `key:"origin" doc:"Origin of this site as visitors type it (https://chat.example), where the checker sends them back. It is never taken from a request, which could name another."`
	TokenFile    string        `key:"token_file" doc:"File with the token that the checker wants of joingyd. Empty: none."`
	PassLifetime time.Duration `key:"pass_lifetime" doc:"How long a proof of age is good for new visits, at most; 2h to 720h."`
}

// Privacy is what is kept of visitors besides.
type Privacy struct {
	Recipients []string `key:"recipients" doc:"Public keys of the operator (age1…, by age-keygen on another machine), for whom the log of visitors' addresses is sealed; the daemon itself cannot read it. Empty: there is no such log."`
	IPLogDays  int      `key:"ip_log_days" doc:"How many days that log is kept, the day itself apart. 0: there is none."`

	Counters bool `key:"counters" doc:"Count visits by operating system, browser, kind of device and language, each by itself and five at a time, and how long they last, the chats that connect and the traffic: joingyd stats, and metrics. Nothing of it is of one visitor."`
}

// Site is what visitors read.
type Site struct {
	Name         string `key:"name" reload:"live" doc:"Name of the site."`
	Contact      string `key:"contact" reload:"live" doc:"E-mail or URL for visitors to reach the operator. Needed before anybody but this machine is let in."`
	AbuseContact string `key:"abuse_contact" reload:"live" doc:"E-mail for reports of abuse and for authorities. Empty: site.contact, if that is an e-mail address."`
	PagesDir     string `key:"pages_dir" reload:"live" doc:"Directory with pages in Markdown, in place of the built-in ones or besides: NAME.md, and NAME.CODE.md for one language. joingyd site pages writes those to adapt."`
	Policy       string `key:"policy" reload:"live" doc:"Version of rules, terms and privacy policy. A change asks every visitor for consent again. Empty: made of the versions that these pages have."`

	Logo       string   `key:"logo" reload:"live" doc:"File with the site's logo: SVG (without scripts and references to elsewhere) or PNG, at most 100 KiB. Empty: joingyd's."`
	Accent     string   `key:"accent" reload:"live" doc:"The site's own colour, #rrggbb, for its first button and its emblem. It must have a contrast of 3:1 against both the light and the dark paper. Empty: joingyd's coral."`
	Banner     string   `key:"banner" reload:"live" doc:"Text of at most 300 characters to show on every page, such as when the site will be down. Empty: none."`
	Processors []string `key:"processors" reload:"live" doc:"Who else handles visitors' data for the operator, such as the hosting company, for the privacy page: a list of \"NAME: what it does, where\". In the environment and in a flag commas part the entries."`
	NodeCookie string   `key:"node_cookie" reload:"live" doc:"Value of a cookie that says which node a visitor is on, for a load balancer to send them there again: a name of this node. Letters, digits, dot, dash and underscore. Empty: no cookie at all."`

	PublishFigures bool `key:"publish_figures" reload:"live" doc:"Show figures of reports, decisions, bans and stills on the page /transparency, of each of the last 24 months. Counts under 5 are not shown exactly there; joingyd transparency tells them."`
}

// Admin is what only the operator reaches.
type Admin struct {
	Socket    string `key:"socket" doc:"Path of the control socket. Empty: admin.sock in the data directory."`
	Group     string `key:"group" doc:"Group whose members may use the control socket too, and so ban, read every ban and save the keys. It must be able to enter the socket's directory. Empty: the daemon's user and root alone."`
	Listen    string `key:"listen" doc:"Address for the control API over TCP as well, host:port on loopback; for who holds the token. Port 0 is any free one, named in the line that serve prints. Empty: the socket alone."`
	TokenFile string `key:"token_file" doc:"File with that token, at least 32 bytes, mode 0600; made if it is missing. Empty: admin.token in the data directory."`

	WebListen          string `key:"web_listen" doc:"Address for the moderators' page, host:port on loopback: come through ssh -L, or a reverse proxy with TLS. Beyond loopback only with an https admin.web_origin, on a network that nobody else reads. Port 0 is any free one, named in the line that serve prints. Empty: no such page."`
	WebOrigin          string `key:"web_origin" doc:"Origin under which browsers show that page, where it is not web_listen: that of the proxy, such as https://desk.example.org, which has to send Host as it came; or of a forwarded port, such as http://localhost:9090. Any other Host is refused."`
	WebProxyUserHeader string `key:"web_proxy_user_header" doc:"Header in which the proxy says which moderator comes, such as X-Forwarded-User, so that no link is needed. The proxy sends its secret along, in Joingyd-Proxy-Secret, and takes both headers out of what browsers send. Empty: none; moderators log in by a link (joingyd reports login)."`
	WebProxySecretFile string `key:"web_proxy_secret_file" doc:"File with that secret, at least 32 bytes, mode 0600; made if it is missing. Goes with web_proxy_user_header."`

	MetricsListen string `key:"metrics_listen" doc:"Address for GET /metrics (Prometheus), host:port, without a password: keep it on loopback or a private network. Port 0 is any free one, named in the line that serve prints. Empty: no metrics."`
}

// Log is the daemon's own log, on stderr.
type Log struct {
	Level  string `key:"level" reload:"live" doc:"debug, info, warn or error."`
	Format string `key:"format" doc:"text or json."`

	Addresses string `key:"addresses" reload:"live" doc:"Addresses in the log. truncated: cut to their network (IPv4 /24, IPv6 /48), without a port. none: left out. full: as they are, which keeps visitors' addresses wherever the log is kept: change the privacy page then."`
}

// The values of Log.Addresses.
const (
	AddressesTruncated = "truncated"
	AddressesNone      = "none"
	AddressesFull      = "full"
)

// Default returns the settings of a daemon that was told nothing.
func Default() Config {
	return Config{
		DataDir: "./var",
		HTTP:    HTTP{AllowOrigins: []string{}, TrustedProxies: []string{}, ForwardedHeader: "X-Forwarded-For"},
		TLS:     TLS{ACMEDomains: []string{}, ACMECA: "https://acme-v02.api.letsencrypt.org/directory"},
		TURN: TURN{
			Listen:                 []string{":3478"},
			Transports:             []string{"udp", "tcp"},
			TLSListen:              []string{},
			Realm:                  "joingyd",
			CredentialLifetime:     time.Hour,
			AllocationsPerSession:  32,
			AllocationsPerAddress:  1024,
			Allocations:            100_000,
			BandwidthPerAllocation: 1_000_000,
			Offload:                "off",
			OffloadInterfaces:      []string{},
			Relay:                  "masked",
			RelayAddresses:         []string{},
			ExternalAddresses:      []string{},
			RelayPorts:             "49152-65535",
			AllowPeers:             []string{},
			DenyPeers:              []string{},
			SecretFiles:            []string{},
		},
		Match: Match{
			Patience:     3 * time.Second,
			AnyLanguage:  true,
			ResumeGrace:  15 * time.Second,
			HelloTimeout: 5 * time.Second,
			Sessions:     100_000,
			PerAddress:   32,
		},
		Filter: Filter{
			Links: "mask", Contacts: "allow", Words: "mask",
			Repeats: 5, MuteAfter: 3, MuteFor: 5 * time.Minute, BanAfter: 9,
		},
		Bans: Bans{
			DefaultFor: 24 * time.Hour,
			Steps:      []string{"1h", "24h", "720h"},
			SharedFor:  time.Hour,
			Shared:     []string{},
			WidenAfter: 3,
			WidenFor:   24 * time.Hour,
		},
		Privacy: Privacy{Recipients: []string{}, IPLogDays: 30, Counters: true},
		Moderation: Moderation{
			Recipients: []string{}, BrowserClassifier: true, Hold: 365 * 24 * time.Hour, AuditDays: 730, SnapshotShare: 20, SnapshotEvery: 30 * time.Second,
			Rules: []string{"porn>=0.85: blur queue", "hentai>=0.85: blur queue", "known: blur queue"},
		},
		Age:     Age{Required: "off", PassLifetime: 24 * time.Hour},
		Site:    Site{Name: "joingyd", Processors: []string{}, PublishFigures: true},
		Admin:   Admin{MetricsListen: "127.0.0.1:0"}, // a fixed port would keep a second daemon from starting
		Cluster: Cluster{Role: RoleAll},
		Log:     Log{Level: "info", Format: "text", Addresses: AddressesTruncated},
	}
}
