package config_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/joingyd/joingyd/config"
)

// load runs Load with command line arguments.
func load(t *testing.T, args ...string) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags)
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "joingyd.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreValid(t *testing.T) {
	got, err := load(t)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, config.Default()) {
		t.Errorf("Load() = %+v, want the defaults", got)
	}
}

func TestGoodFile(t *testing.T) {
	got, err := load(t, "--config", "testdata/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.DataDir = "/srv/joingyd"
	want.HTTP.Listen = "127.0.0.1:8081"
	want.HTTP.AllowOrigins = []string{"https://example.org", "http://localhost:3000"}
	want.HTTP.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/24", "2001:db8::/64"}
	want.HTTP.ForwardedHeader = "Forwarded"
	want.TURN.Listen = []string{"[::]:3479"}
	want.TURN.Transports = []string{"tcp"}
	want.TURN.PublicHost = "node-1.example.org"
	want.Cluster = config.Cluster{
		Redis: "rediss-sentinel://10.0.0.5,10.0.0.6:26380/joingy", User: "joingy",
		PasswordFile: "/etc/joingyd/redis.password", SentinelPasswordFile: "/etc/joingyd/sentinel.password", CAFile: "/etc/joingyd/redis-ca.pem",
		ClientCertFile: "/etc/joingyd/redis.pem", ClientKeyFile: "/etc/joingyd/redis.key", KeyFile: "/etc/joingyd/cluster.key", Node: "node-1", Role: "relay", Region: "eu-west",
	}
	want.TURN.CredentialLifetime = 30 * time.Minute
	want.TURN.AllocationsPerSession = 8
	want.Admin = config.Admin{Group: "adm", Listen: "[::1]:9479", TokenFile: "/etc/joingyd/admin.token",
		WebListen: "10.0.0.1:8090", WebOrigin: "https://desk.example.org", WebProxyUserHeader: "X-Forwarded-User", WebProxySecretFile: "/etc/joingyd/desk.secret"}
	want.Match.Patience = 1500 * time.Millisecond
	want.Match.Sessions, want.Match.PerAddress, want.Match.PerAddressMax = 500, 8, 8
	want.Filter.Links, want.Filter.Words, want.Filter.BanAfter = "reject", "allow", 0
	want.Bans.Steps, want.Bans.Shared, want.Bans.WidenAfter = []string{"10m", "10m", "48h"}, []string{"100.64.0.0/10", "2001:db8::1"}, 0
	want.Site.Contact = "desk@example.org"
	want.Site.Logo, want.Site.Accent, want.Site.Banner, want.Site.NodeCookie = "/etc/joingyd/logo.svg", "#b3452a", "Down on Sunday, 2:00 to 3:00 UTC.", "node-1"
	want.Site.Processors = []string{"Example Hosting: runs the server, Germany"}
	want.Privacy.Counters = false
	want.Log.Format, want.Log.Addresses = "json", config.AddressesNone
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	file := writeFile(t, "site:\n  name: file\n  contact: file\n  policy: file\n")
	t.Setenv("JOINGYD_SITE_CONTACT", "environment")
	t.Setenv("JOINGYD_SITE_POLICY", "environment")
	t.Setenv("JOINGYD_TURN_TRANSPORTS", "udp, tcp")
	got, err := load(t, "--config", file, "--site-policy", "flag")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Site, config.Site{Name: "file", Contact: "environment", Policy: "flag", Processors: []string{}, PublishFigures: true}) {
		t.Errorf("Site = %+v", got.Site)
	}
	if !reflect.DeepEqual(got.TURN.Transports, []string{"udp", "tcp"}) {
		t.Errorf("Transports = %q", got.TURN.Transports)
	}
}

// A part of trial O1: each refusal names the place, the key and the remedy.
func TestO1BadFiles(t *testing.T) {
	for _, test := range []struct{ text, key, remedy string }{
		{"turn:\n  listn: x\n", "turn.listn", "unknown key"},
		{"tunr: {}\nturn_listen: x\n", "turn_listen", "unknown key"},
		{"http:\n  listen: ':65536'\n", "http.listen", "1 to 65535"},
		{"http:\n  listen: 'localhost'\n", "http.listen", "host:port"},
		{"http:\n  listen: 8080\n", "http.listen", "quotes"},
		{"turn:\n  listen: 'bad host:1'\n", "turn.listen", "valid host"},
		{"turn:\n  listen: ':-1'\n", "turn.listen", "valid port"},
		{"turn: 5\n", "turn", "section"},
		{"turn:\n  transports: []\n", "turn.transports", "at least one"},
		{"turn:\n  listen: []\n", "turn.listen", "at least one"},
		{"turn:\n  relay: half\n", "turn.relay", "use masked, open"},
		{"turn:\n  offload: kernel\n", "turn.offload", "use off, auto, xdp"},
		{"turn:\n  offload: xdp\n  relay: open\n  relay_addresses: [192.0.2.1]\n", "turn.offload", "masked only"},
		{"turn:\n  offload_interfaces: [eth0]\n", "turn.offload_interfaces", "auto or xdp"},
		{"turn:\n  relay: open\n", "turn.relay_addresses", "address of this machine"},
		{"turn:\n  relay_addresses: [192.0.2.1]\n", "turn.relay", "set it to open"},
		{"turn:\n  relay: open\n  relay_addresses: [0.0.0.0]\n", "turn.relay_addresses", "such as 192.0.2.1"},
		{"turn:\n  relay: open\n  relay_addresses: [192.0.2.1]\n  external_addresses: [192.0.2.2, 192.0.2.3]\n", "turn.external_addresses", "as many"},
		{"turn:\n  relay_ports: '50000'\n", "turn.relay_ports", "first-last"},
		{"turn:\n  relay_ports: '60000-50000'\n", "turn.relay_ports", "first-last"},
		{"turn:\n  relay_ports: '1-65536'\n", "turn.relay_ports", "first-last"},
		{"turn:\n  allow_peers: [10.0.0.1/8]\n", "turn.allow_peers", "host bits"},
		{"turn:\n  deny_peers: [everything]\n", "turn.deny_peers", "not a prefix"},
		{"turn:\n  bandwidth: -1\n", "turn.bandwidth", "out of range"},
		{"turn:\n  tls_listen: [':5349']\n", "turn.tls_listen", "certificate"},
		{"tls:\n  listen: ':443'\n", "tls.listen", "certificate"},
		{"tls:\n  cert_file: a.pem\n", "tls.cert_file", "together"},
		{"tls:\n  listen: ':443'\n  cert_file: a\n  key_file: b\n  acme_domains: [x.test]\n", "tls.acme_domains", "keep one"},
		{"tls:\n  acme_domains: [x.test]\n", "tls.listen", "443"},
		{"tls:\n  listen: ':443'\n  acme_domains: [192.0.2.1]\n", "tls.acme_domains", "domain name"},
		{"tls:\n  acme_ca: 'http://x.test'\n", "tls.acme_ca", "https"},
		{"turn:\n  transports: [udp, sctp]\n", "turn.transports", "use udp, tcp"},
		{"turn:\n  transports: [udp, udp]\n", "turn.transports", "once"},
		{"turn:\n  listen: [3478]\n", "turn.listen", "quotes"},
		{"turn:\n  transports: [1]\n", "turn.transports", "quotes"},
		{"turn:\n  transports: {udp: yes}\n", "turn.transports", "behind the colon"},
		{"turn:\n  public_host: 'https://x.test'\n", "turn.public_host", "without scheme"},
		{"turn:\n  credential_lifetime: 60\n", "turn.credential_lifetime", "with its unit"},
		{"turn:\n  credential_lifetime: 1s\n", "turn.credential_lifetime", "1m to 24h"},
		{"turn:\n  allocations_per_session: many\n", "turn.allocations_per_session", "whole number"},
		{"turn:\n  allocations_per_session: 1.5\n", "turn.allocations_per_session", "whole number"},
		{"match:\n  patience: -1s\n", "match.patience", "out of range"},
		{"match:\n  sessions: 0\n", "match.sessions", "1 to 10000000"},
		{"match:\n  sessions_per_address: 0\n", "match.sessions_per_address", "1 to 1000000"},
		{"match:\n  sessions_per_address_max: 31\n", "match.sessions_per_address_max", "0 for four times"},
		{"match:\n  sessions_per_address_max: -1\n", "match.sessions_per_address_max", "out of range"},
		{"filter:\n  links: block\n", "filter.links", "use allow, mask, reject"},
		{"filter:\n  contacts: ''\n", "filter.contacts", "use allow, mask, reject"},
		{"filter:\n  words: some\n", "filter.words", "use allow, mask, reject"},
		{"filter:\n  words: allow\n  words_file: w.txt\n", "filter.words_file", "mask or reject"},
		{"filter:\n  repeats: 101\n", "filter.repeats", "0 to 100"},
		{"filter:\n  mute_after: -1\n", "filter.mute_after", "out of range"},
		{"filter:\n  mute_for: 0s\n", "filter.mute_for", "1s to 24h"},
		{"filter:\n  ban_after: 1001\n", "filter.ban_after", "out of range"},
		{"filter:\n  ban_for: 5\n", "filter.ban_for", "with its unit"},
		{"filter:\n  ban_for: 59s\n", "filter.ban_for", "0 or 1m to"},
		{"bans:\n  steps: []\n", "bans.steps", "give 1 to 20"},
		{"bans:\n  steps: [1h, soon]\n", "bans.steps", "with its unit"},
		{"bans:\n  steps: [1s]\n", "bans.steps", "use 1m to 87600h"},
		{"bans:\n  steps: [1h, 87601h]\n", "bans.steps", "use 1m to 87600h"},
		{"bans:\n  steps: [24h, 1h]\n", "bans.steps", "in order"},
		{"bans:\n  default_for: 1s\n", "bans.default_for", "1m to 87600h"},
		{"bans:\n  shared_for: 0s\n", "bans.shared_for", "1m to 87600h"},
		{"moderation:\n  hold: 24h\n", "moderation.hold", "720h to 87600h"},
		{"moderation:\n  audit_days: 30\n", "moderation.audit_days", "90 to 3650"},
		{"moderation:\n  hold: 17520h\n  audit_days: 700\n", "moderation.audit_days", "less than moderation.hold (730 days)"},
		{"bans:\n  shared: [school]\n", "bans.shared", "neither an address nor a prefix"},
		{"bans:\n  shared: [10.0.0.1/8]\n", "bans.shared", "host bits"},
		{"bans:\n  shared: ['::ffff:192.0.2.1']\n", "bans.shared", "leave ::ffff: away"},
		{"bans:\n  widen_after: -1\n", "bans.widen_after", "0 to 256"},
		{"bans:\n  widen_after: 257\n", "bans.widen_after", "0 to 256"},
		{"bans:\n  widen_for: 5\n", "bans.widen_for", "with its unit"},
		{"http:\n  tls_self_signed: perhaps\n", "http.tls_self_signed", "true or false"},
		{"http:\n  allow_origins: ['example.org']\n", "http.allow_origins", "https://example.org"},
		{"http:\n  allow_origins: ['https://example.org/']\n", "http.allow_origins", "not an origin"},
		{"http:\n  trusted_proxies: ['proxy.test']\n", "http.trusted_proxies", "such as 127.0.0.1"},
		{"http:\n  trusted_proxies: ['10.0.0.1/8']\n", "http.trusted_proxies", "host bits"},
		{"http:\n  trusted_proxies: ['fe80::1%eth0']\n", "http.trusted_proxies", "neither"},
		{"http:\n  trusted_proxies: ['::ffff:10.0.0.1']\n", "http.trusted_proxies", "leave ::ffff: away"},
		{"http:\n  trusted_proxies: ['::ffff:10.0.0.0/104']\n", "http.trusted_proxies", "leave ::ffff: away"},
		{"http:\n  trusted_proxies: ['0.0.0.0/0']\n", "http.trusted_proxies", "name the proxies alone"},
		{"http:\n  trusted_proxies: ['127.0.0.1']\n  forwarded_header: X-Real-IP\n", "http.forwarded_header", "use X-Forwarded-For, Forwarded"},
		{"http:\n  forwarded_header: Forwarded\n", "http.forwarded_header", "http.trusted_proxies"},
		{"http:\n  listen: ':8080'\n", "http.listen", "set site.contact (an e-mail address or URL) and site.abuse_contact"},
		{"http:\n  listen: '0.0.0.0:0'\nsite:\n  contact: 'https://example.org'\n", "http.listen", "site.abuse_contact (an e-mail address, unless"},
		{"http:\n  listen: '[2001:db8::1]:80'\nsite:\n  abuse_contact: a@example.org\n", "http.listen", "listen on 127.0.0.1"},
		{"tls:\n  listen: ':443'\n  cert_file: a\n  key_file: b\n", "tls.listen", "set site.contact"},
		{"site:\n  abuse_contact: 'https://example.org'\n", "site.abuse_contact", "such as abuse@example.org"},
		{"site:\n  abuse_contact: 'Desk <a@example.org>'\n", "site.abuse_contact", "not an e-mail address"},
		{"site:\n  accent: red\n", "site.accent", "#rrggbb"},
		{"site:\n  accent: '#12345g'\n", "site.accent", "such as #b3452a"},
		{"site:\n  banner: \"a\\nb\"\n", "site.banner", "control character"},
		{"site:\n  banner: " + strings.Repeat("ü", 301) + "\n", "site.banner", "301 characters; shorten it to 300"},
		{"site:\n  processors: [Example Hosting]\n", "site.processors", "NAME: what it does, where"},
		{"site:\n  processors: ['Example Hosting:']\n", "site.processors", "NAME: what it does, where"},
		{"site:\n  processors: [\"A: \\u0007\"]\n", "site.processors", "control character"},
		{"site:\n  processors: ['A: " + strings.Repeat("a", 300) + "']\n", "site.processors", "longer than 300"},
		{"site:\n  processors: [" + strings.Repeat("'A: b',", 51) + "]\n", "site.processors", "at most 50"},
		{"site:\n  node_cookie: 'a b'\n", "site.node_cookie", "letters, digits"},
		{"site:\n  node_cookie: '" + strings.Repeat("a", 65) + "'\n", "site.node_cookie", "at most 64"},
		{"site:\n  name: ''\n", "site.name", "empty"},
		{"site:\n  name: \"a\\tb\"\n", "site.name", "control character"},
		{"site:\n  pages_dir: \"a\\tb\"\n", "site.pages_dir", "control character"},
		{"site:\n  policy: 2026-11-24\n", "site.policy", "quotes"},
		{"age:\n  required: maybe\n", "age.required", "use off, video, all"},
		{"age:\n  required: video\n  check: 'https://age.test/c'\n  origin: 'https://x.test'\n", "age.page", "such as https://age.example/start"},
		{"age:\n  required: all\n  page: 'https://age.test/'\n  origin: 'https://x.test'\n", "age.check", "age.required is all"},
		{"age:\n  required: all\n  page: 'https://age.test/'\n  check: 'https://age.test/c'\n", "age.origin", "such as https://chat.example"},
		{"age:\n  page: 'http://age.test/'\n", "age.page", "use https"},
		{"age:\n  page: 'javascript:alert(1)'\n", "age.page", "no plain address"},
		{"age:\n  check: 'https://a:b@age.test/'\n", "age.check", "no plain address"},
		{"age:\n  check: 'http://192.0.2.1/'\n", "age.check", "not of this machine"},
		{"age:\n  origin: 'https://chat.test/'\n", "age.origin", "not an origin"},
		{"age:\n  origin: 'https://Chat.test'\n", "age.origin", "small letters"},
		{"age:\n  origin: 'http://[::1]:8080'\n", "age.origin", "not an origin"},
		{"age:\n  pass_lifetime: 1h\n", "age.pass_lifetime", "2h to 720h"},
		{"log:\n  level: loud\n", "log.level", "debug, info, warn, error"},
		{"log:\n  addresses: some\n", "log.addresses", "truncated, none, full"},
		{"data_dir: ''\n", "data_dir", "empty"},
		{"bans:\n  default_for: 1\n", "bans.default_for", "24h"},
		{"admin:\n  metrics_listen: 'localhost'\n", "admin.metrics_listen", "host:port"},
		{"admin:\n  listen: '127.0.0.1'\n", "admin.listen", "host:port"},
		{"admin:\n  listen: ':9479'\n", "admin.listen", "ssh -L or a reverse proxy"},
		{"admin:\n  listen: '0.0.0.0:9479'\n", "admin.listen", "listen on 127.0.0.1"},
		{"admin:\n  listen: '192.0.2.1:9479'\n", "admin.listen", "reached from elsewhere"},
		{"admin:\n  listen: 'chat.example.org:9479'\n", "admin.listen", "reached from elsewhere"},
		{"admin:\n  token_file: a.token\n", "admin.token_file", "without admin.listen"},
		{"cluster:\n  node: a\n", "cluster.node", "without cluster.redis"},
		{"cluster:\n  password_file: p\n", "cluster.password_file", "without cluster.redis"},
		{"cluster:\n  key_file: k\n", "cluster.key_file", "set that, or take this out"},
		{"cluster:\n  redis: 'redis://10.0.0.5'\n", "turn.public_host", "the name or address under which browsers reach it"},
		{"cluster:\n  role: edge\n", "cluster.role", "needs cluster.redis"},
		{"cluster:\n  redis: 'redis://a'\n  role: sockets\n", "cluster.role", "relay"},
		{"cluster:\n  redis: 'redis://a'\n  role: relay\n", "turn.public_host", "visitors of other nodes"},
		{"cluster:\n  redis: '10.0.0.5:6379'\n", "cluster.redis", "like redis://HOST:6379"},
		{"cluster:\n  redis: 'redis://me:hunter2@10.0.0.5'\n", "cluster.redis", "cluster.password_file"},
		{"cluster:\n  redis: 'redis-sentinel://10.0.0.5'\n", "cluster.redis", "sentinel monitor NAME"},
		{"cluster:\n  redis: 'redis://a,b/1'\n", "cluster.redis", "database 0 only"},
		{"cluster:\n  redis: 'redis://8.8.8.8'\n", "cluster.redis", "use rediss:// (TLS)"},
		{"cluster:\n  redis: 'redis-sentinel://10.0.0.5,[2001:db8::1]/x'\n", "cluster.redis", "address of the internet"},
		{"cluster:\n  redis: 'redis://a'\n  user: joingy\n", "cluster.user", "needs cluster.password_file"},
		{"cluster:\n  redis: 'redis://a'\n  user: 'a b'\n  password_file: p\n", "cluster.user", "has a space"},
		{"cluster:\n  redis: 'redis://a'\n  ca_file: a\n", "cluster.ca_file", "begin cluster.redis with rediss://"},
		{"cluster:\n  redis: 'redis://a'\n  client_cert_file: a\n  client_key_file: b\n", "cluster.client_cert_file", "without TLS"},
		{"cluster:\n  redis: 'rediss://a'\n  client_key_file: b\n", "cluster.client_cert_file", "give both"},
		{"cluster:\n  redis: 'redis://a'\n  sentinel_password_file: a\n", "cluster.sentinel_password_file", "without Sentinels"},
		{"cluster:\n  redis: 'redis://a'\n  node: 'a b'\n", "cluster.node", "letters, digits"},
		{"cluster:\n  redis: 'redis://a'\n  region: 'é'\n", "cluster.region", "letters, digits"},
		{"admin:\n  metrics_listen: '127.0.0.1:http'\n", "admin.metrics_listen", "valid port"},
		{"admin:\n  web_listen: '127.0.0.1'\n", "admin.web_listen", "host:port"},
		{"admin:\n  web_listen: ':8090'\n", "admin.web_listen", "evidence would cross the network in clear"},
		{"admin:\n  web_listen: '192.0.2.1:8090'\n  web_origin: 'http://localhost:8090'\n", "admin.web_listen", "reverse proxy with TLS"},
		{"admin:\n  web_listen: '127.0.0.1:8090'\n  web_origin: 'http://desk.example.org'\n", "admin.web_origin", "is not https"},
		{"admin:\n  web_listen: '127.0.0.1:8090'\n  web_origin: 'https://example.org/desk'\n", "admin.web_origin", "not an origin"},
		{"admin:\n  web_origin: 'https://desk.example.org'\n", "admin.web_origin", "without admin.web_listen"},
		{"admin:\n  web_listen: '127.0.0.1:8090'\n  web_origin: 'https://desk.example.org'\n  web_proxy_user_header: X-User\n", "admin.web_proxy_user_header", "give both"},
		{"admin:\n  web_listen: '127.0.0.1:8090'\n  web_proxy_user_header: X-User\n  web_proxy_secret_file: s\n", "admin.web_origin", "under which the proxy serves"},
		{"admin:\n  web_listen: '127.0.0.1:8090'\n  web_origin: 'https://desk.example.org'\n  web_proxy_user_header: 'X User'\n  web_proxy_secret_file: s\n", "admin.web_proxy_user_header", "not a header's name"},
	} {
		file := writeFile(t, test.text)
		_, err := load(t, "--config", file)
		if err == nil {
			t.Errorf("%q was accepted", test.text)
			continue
		}
		for _, want := range []string{file, test.key, test.remedy} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %q does not say %q", test.text, err, want)
			}
		}
	}
}

// A section whose keys are all commented out sets nothing.
func TestEmptySection(t *testing.T) {
	for _, text := range []string{"http:\n", "http:\n  # listen: ':1'\nturn: {}\n", "http: ~\nlog: null\n", "site:\n  name:\n"} {
		got, err := load(t, "--config", writeFile(t, text))
		if err != nil || !reflect.DeepEqual(got, config.Default()) {
			t.Errorf("%q: %v, %+v, want the defaults", text, err, got)
		}
	}
}

// One mistake is told once.
func TestSectionWithValue(t *testing.T) {
	for _, text := range []string{"turn: 5\n", "turn: ''\n", "turn: [udp]\n", "turn: false\n"} {
		file := writeFile(t, text)
		_, err := load(t, "--config", file)
		if want := file + ": turn: is a section; write its keys below it, indented"; err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	if _, err := load(t, "--config", writeFile(t, "tunr:\n")); err == nil || !strings.Contains(err.Error(), "tunr: unknown key") {
		t.Errorf("empty section that does not exist: %v", err)
	}
}

func TestBadEnvironmentAndFlags(t *testing.T) {
	t.Setenv("JOINGYD_TURN_LISTN", ":1")
	if _, err := load(t); err == nil || !strings.Contains(err.Error(), "JOINGYD_TURN_LISTN") {
		t.Errorf("unknown environment name: %v", err)
	}
	os.Unsetenv("JOINGYD_TURN_LISTN")
	t.Setenv("JOINGYD_MATCH_PATIENCE", "soon")
	_, err := load(t)
	if err == nil || !strings.Contains(err.Error(), "environment JOINGYD_MATCH_PATIENCE: match.patience") {
		t.Errorf("bad environment value: %v", err)
	}
	os.Unsetenv("JOINGYD_MATCH_PATIENCE")
	_, err = load(t, "--listen", "nowhere", "--turn-listen", ":70000", "--site-name", "")
	for _, want := range []string{"--listen: http.listen", "--turn-listen: turn.listen", "--site-name: site.name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	t.Setenv("JOINGYD_SOCKET", "/run/x.sock") // the command line's own, no key
	if _, err := load(t); err != nil {
		t.Errorf("JOINGYD_SOCKET: %v", err)
	}
}

func TestUnreadableFile(t *testing.T) {
	noEnding := filepath.Join(t.TempDir(), "joingyd")
	if err := os.WriteFile(noEnding, []byte("site:\n  name: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, remedy string }{
		{"missing", filepath.Join(t.TempDir(), "none.yaml"), "no such file; name another"},
		{"missing, no ending", filepath.Join(t.TempDir(), "none"), "no such file; name another"},
		{"directory", t.TempDir(), "is a directory; name the file in it"},
		{"no ending", noEnding, "rename it to end in .yaml"},
		{"not YAML", writeFile(t, "a: [\n"), "config print"},
		{"doubles", writeFile(t, "site:\n  name: a\n  name: b\n"), "config print"},
	} {
		if _, err := load(t, "--config", tt.path); err == nil || !strings.Contains(err.Error(), tt.path+": ") || !strings.Contains(err.Error(), tt.remedy) {
			t.Errorf("%s: %v, want one with the path and %q", tt.name, err, tt.remedy)
		}
	}
}

func TestPrintRoundTrip(t *testing.T) {
	want, err := load(t, "--config", "testdata/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := config.Print(&text, want); err != nil {
		t.Fatal(err)
	}
	got, err := load(t, "--config", writeFile(t, text.String()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v\nfrom:\n%s", err, got, want, &text)
	}
}

func TestFieldsAreDocumented(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range config.Fields() {
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: doc %q is no sentence", f.Key, f.Doc)
		}
		if seen[f.Flag] || seen[f.Env] {
			t.Errorf("%s: flag or environment name is taken", f.Key)
		}
		seen[f.Flag], seen[f.Env] = true, true
	}
}

// docs/configuration.md is `joingyd config docs` below its heading.
func TestDocsAreCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := config.Markdown(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../docs/configuration.md")
	if err != nil || !strings.Contains(string(got), want.String()) {
		t.Errorf("docs/configuration.md is out of date (%v): put the output of `joingyd config docs` in", err)
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.secret")
	if _, err := config.LoadSecret(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing secret: %v", err)
	}
	first, err := config.LoadOrCreateSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v", info.Mode())
	}
	if again, err := config.LoadOrCreateSecret(path); err != nil || again != first {
		t.Errorf("second load: %v, same %v", err, again == first)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadOrCreateSecret(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by the group: %v", err)
	}
	for _, bad := range []string{"", "abc", strings.Repeat("g", 64), strings.Repeat("0", 63)} {
		path := filepath.Join(dir, "bad.secret")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.LoadOrCreateSecret(path); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
		os.Remove(path)
	}
}

func TestSharedSecretsAndUsers(t *testing.T) {
	write := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := strings.Repeat("s", 32)
	if got, err := config.LoadSharedSecret(write(long+"\n", 0o600)); err != nil || string(got) != long {
		t.Errorf("LoadSharedSecret = %q, %v", got, err)
	}
	for _, path := range []string{write(long, 0o644), write("short", 0o600), filepath.Join(t.TempDir(), "none")} {
		if _, err := config.LoadSharedSecret(path); err == nil || strings.Contains(err.Error(), "short\"") {
			t.Errorf("LoadSharedSecret: %v", err)
		}
	}
	users, err := config.LoadUsers(write("# comment\n\nalice:a:b\nbob:secret\n", 0o600))
	if err != nil || !reflect.DeepEqual(users, map[string]string{"alice": "a:b", "bob": "secret"}) {
		t.Errorf("LoadUsers = %v, %v", users, err)
	}
	for _, bad := range []string{"alice\n", ":x\n", "alice:\n", "a:1\na:2\n"} {
		if _, err := config.LoadUsers(write(bad, 0o600)); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("LoadUsers(%q): %v", bad, err)
		}
	}
	if _, err := config.LoadUsers(write("alice:x\n", 0o640)); err == nil {
		t.Error("users that others can read were taken")
	}
}

func TestValidHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "chat.example.org": true, "chat.example.org.": true, "192.0.2.1": true, "2001:db8::1": true, "a_b.test": true,
		"": false, "-a.test": false, "a..b": false, "a b": false, "https://x": false, "x:1": false, "[::1]": false, "fe80::1%eth0": false, "ü.test": false,
		strings.Repeat("a", 64) + ".test": false,
	} {
		if got := config.ValidHost(host); got != want {
			t.Errorf("ValidHost(%q) = %v", host, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("turn:\n  listen: ':1'\n")
	f.Add("a: [\n")
	f.Add("match: {patience: 3s}\nlog: {level: warn}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load(t, "--config", writeFile(t, text))
		if err != nil {
			return
		}
		var printed bytes.Buffer
		if err := config.Print(&printed, c); err != nil {
			t.Fatal(err)
		}
		if again, err := load(t, "--config", writeFile(t, printed.String())); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q does not survive Print: %v", text, err)
		}
	})
}
