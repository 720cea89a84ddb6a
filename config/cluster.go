package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/joingyd/joingyd/cluster/redis/redisurl"
)

// ClusterKeyFile is the name of the cluster's key in the data directory, or among
// systemd's credentials.
const ClusterKeyFile = "cluster.key"

// Cluster is what makes this daemon one of several nodes.
type Cluster struct {
	Redis                string `key:"redis" doc:"Address of the Redis that the nodes share (docs/scaling.md): redis://HOST:PORT[/DB], several HOST:PORT parted by commas for a Redis Cluster, or redis-sentinel://HOST:PORT,…/NAME. With TLS: rediss:// and rediss-sentinel://. User and password have keys of their own. Empty: this daemon is alone."`
	User                 string `key:"user" doc:"User of Redis' ACL. Empty: its default user."`
	PasswordFile         string `key:"password_file" doc:"File with the password of that user, mode 0600. Empty: none."`
	SentinelPasswordFile string `key:"sentinel_password_file" doc:"File with the password that the Sentinels want, mode 0600. Empty: none."`
	CAFile               string `key:"ca_file" doc:"File with the certificates that may have signed Redis', PEM, with rediss://. Empty: those that the system trusts."`
	ClientCertFile       string `key:"client_cert_file" doc:"File with the certificate that Redis is shown, PEM, with rediss://: Redis asks for one unless its tls-auth-clients is no. Empty: none."`
	ClientKeyFile        string `key:"client_key_file" doc:"File with its private key, PEM, mode 0600."`
	KeyFile              string `key:"key_file" doc:"File with the cluster's key, the same on every node, as is the ban key: 64 hexadecimal digits, mode 0600. Under it is sealed what nodes tell each other. Empty: cluster.key in the data directory, made if it is missing."`
	Node                 string `key:"node" doc:"Name of this node, unlike that of any other. Letters, digits, dot, dash and underscore. Empty: the machine's host name."`
	Role                 string `key:"role" flag:"role" doc:"What this node does (docs/scaling.md). all: everything. edge: pages, sockets and matchmaking; its visitors' calls pass the relays of other nodes, and turn's addresses are not listened on. relay: a relay for them, and nothing else."`
	Region               string `key:"region" doc:"Where this node is, such as eu-west: visitors get a relay of their node's region if there is one. Letters, digits, dot, dash and underscore. Empty: nowhere in particular."`
}

// Roles of a node.
const (
	RoleAll   = "all"
	RoleEdge  = "edge"
	RoleRelay = "relay"
)

// HasRelay reports whether the daemon has a relay.
func (c Cluster) HasRelay() bool { return c.Role != RoleEdge }

// HasVisitors reports whether the daemon has a site and a matchmaker.
func (c Cluster) HasVisitors() bool { return c.Role != RoleRelay }

// Enabled reports whether the daemon is one of several.
func (c Cluster) Enabled() bool { return c.Redis != "" }

// NodeName returns the node's name: that of the settings, or the machine's.
func (c Cluster) NodeName() (string, error) {
	if c.Node != "" {
		return c.Node, nil
	}
	host, err := os.Hostname()
	if err == nil && !nodeName.MatchString(host) {
		err = fmt.Errorf("the machine is called %q", host)
	}
	if err != nil {
		return "", fmt.Errorf("cluster.node: is empty, and the host name is no name for a node: %w; write one of at most 64 letters, digits, dots, dashes and underscores", err)
	}
	return host, nil
}

// ClusterSecrets is what the files hold that Cluster names.
type ClusterSecrets struct {
	Key              [SecretSize]byte
	KeyPath          string // where it is
	Password         string
	SentinelPassword string
	CA               []byte           // PEM; empty: the system's
	Certificate      *tls.Certificate // nil: none
}

// LoadSecrets reads them. It makes a key where dataDir has none; a key_file that is
// missing is an error. Errors name the setting.
func (c Cluster) LoadSecrets(dataDir string) (s ClusterSecrets, err error) {
	if s.KeyPath = c.KeyFile; c.KeyFile == "" {
		s.KeyPath = SecretPath(dataDir, ClusterKeyFile)
		s.Key, err = LoadOrCreateSecret(s.KeyPath)
	} else if s.Key, err = LoadSecret(c.KeyFile); errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%w; copy the file of another node, or make the first: (umask 077; openssl rand -hex 32 > %s)", err, c.KeyFile)
	}
	if err != nil {
		return s, fmt.Errorf("cluster.key_file: %w", err)
	}
	for _, f := range []struct {
		key, path string
		password  *string
	}{{"cluster.password_file", c.PasswordFile, &s.Password}, {"cluster.sentinel_password_file", c.SentinelPasswordFile, &s.SentinelPassword}} {
		if f.path == "" {
			continue
		}
		if *f.password, err = LoadToken(f.path); err != nil {
			return s, fmt.Errorf("%s: %w", f.key, err)
		}
	}
	if c.CAFile != "" {
		if s.CA, err = os.ReadFile(c.CAFile); err != nil {
			return s, fmt.Errorf("cluster.ca_file: %w", err)
		}
		if !x509.NewCertPool().AppendCertsFromPEM(s.CA) {
			return s, fmt.Errorf("cluster.ca_file: %s: has no certificate in PEM; name the file of the authority that signed Redis' certificate", c.CAFile)
		}
	}
	if c.ClientCertFile != "" {
		s.Certificate, err = loadPair(c.ClientCertFile, c.ClientKeyFile)
	}
	return s, err
}

// loadPair reads a certificate and its key.
func loadPair(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("cluster.client_cert_file: %w", err)
	}
	key, err := readPrivate(keyFile)
	if err != nil {
		return nil, fmt.Errorf("cluster.client_key_file: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, []byte(key))
	if err != nil {
		return nil, fmt.Errorf("cluster.client_cert_file: %s and %s are no pair: %w; give a certificate and its own key, both PEM", certFile, keyFile, err)
	}
	return &pair, nil
}

// cluster checks what is shared with other nodes, and that none of it is given in vain.
func (v *validator) cluster(config Config) {
	c := config.Cluster
	for _, f := range []struct{ key, value string }{
		{"cluster.user", c.User},
		{"cluster.password_file", c.PasswordFile},
		{"cluster.sentinel_password_file", c.SentinelPasswordFile},
		{"cluster.ca_file", c.CAFile},
		{"cluster.client_cert_file", c.ClientCertFile},
		{"cluster.client_key_file", c.ClientKeyFile},
		{"cluster.key_file", c.KeyFile},
		{"cluster.node", c.Node},
		{"cluster.region", c.Region},
	} {
		if c.Redis == "" && f.value != "" {
			v.add(f.key, "means nothing without cluster.redis; set that, or take this out")
		}
		v.text(f.key, f.value, 0, 4096)
	}
	v.oneOf("cluster.role", c.Role, RoleAll, RoleEdge, RoleRelay)
	if c.Redis == "" && (c.Role == RoleEdge || c.Role == RoleRelay) {
		v.add("cluster.role", fmt.Sprintf("%q needs cluster.redis, by which a node is one of several; set that, or write all", c.Role))
	}
	for _, f := range []struct{ key, value string }{{"cluster.node", c.Node}, {"cluster.region", c.Region}} {
		if f.value != "" && !nodeName.MatchString(f.value) {
			v.add(f.key, fmt.Sprintf("%q is no name; use at most 64 letters, digits, dots, dashes and underscores", f.value))
		}
	}
	if c.Redis == "" {
		return
	}
	if strings.ContainsAny(c.User, " \t") {
		v.add("cluster.user", "has a space in it, which no user of Redis has; take it out")
	}
	if c.User != "" && c.PasswordFile == "" {
		v.add("cluster.user", "needs cluster.password_file; write the password into a file of mode 0600, and name that")
	}
	if config.TURN.PublicHost == "" && c.HasRelay() {
		v.add("turn.public_host", "is empty; visitors of other nodes get this node's relay too: write the name or address under which browsers reach it")
	}
	u, err := redisurl.Parse(c.Redis)
	switch {
	case errors.Is(err, redisurl.ErrPassword):
		v.add("cluster.redis", "has a user or password in it, which would be in every copy of the settings; write the password into a file of mode 0600, name that in cluster.password_file, the user in cluster.user, and leave them out here")
		return
	case err != nil:
		v.add("cluster.redis", err.Error())
		return
	}
	v.redisTLS(c, u)
	if u.Master == "" && c.SentinelPasswordFile != "" {
		v.add("cluster.sentinel_password_file", "means nothing without Sentinels; write cluster.redis as redis-sentinel://HOST:PORT,…/NAME, or take this out")
	}
}

// redisTLS checks what is read by whom on the way to Redis.
func (v *validator) redisTLS(c Cluster, u redisurl.URL) {
	if (c.ClientCertFile == "") != (c.ClientKeyFile == "") {
		v.add("cluster.client_cert_file", "and cluster.client_key_file go together; give both")
	}
	if u.TLS {
		return
	}
	for _, f := range []struct{ key, value string }{{"cluster.ca_file", c.CAFile}, {"cluster.client_cert_file", c.ClientCertFile}} {
		if f.value != "" {
			v.add(f.key, "means nothing without TLS; begin cluster.redis with rediss:// or rediss-sentinel://, or take this out")
		}
	}
	for _, hostPort := range u.Hosts {
		host, _, _ := net.SplitHostPort(hostPort)
		addr, err := netip.ParseAddr(host)
		if err == nil && addr.IsGlobalUnicast() && !addr.IsPrivate() && !sharedSpace.Contains(addr) {
			v.add("cluster.redis", fmt.Sprintf("%s is an address of the internet, where others could read the password and change what nodes share; use rediss:// (TLS), or an address of a private network", host))
			return
		}
	}
}

// sharedSpace is of carriers and of private overlays (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
