// Package redisurl reads the addresses of Redis that an operator writes:
//
//	redis://HOST[:PORT][,HOST[:PORT]…][/DB]            a server, or nodes of a cluster
//	redis-sentinel://HOST[:PORT][,…]/MASTER[/DB]       what these Sentinels call MASTER
//
// with rediss:// and rediss-sentinel:// for TLS. Whether a server belongs to a
// cluster is asked of itself. User and password are no part of the address: they
// would be in every copy of the settings.
package redisurl

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const (
	portServer   = "6379"
	portSentinel = "26379"
	maxHosts     = 32
)

// ErrPassword is matched by errors of Parse about an address with a user or
// password in it. None of them repeats it.
var ErrPassword = errors.New("has a user or password in it")

// URL says where Redis is.
type URL struct {
	TLS    bool
	Hosts  []string // HOST:PORT: servers or, where Master is set, Sentinels
	Master string   // what the Sentinels call the primary; empty: no Sentinel
	DB     int      // only 0 with a cluster
}

// Parse reads an address. Its errors begin with a verb: the caller puts the name of
// the setting before them.
func Parse(text string) (URL, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return URL{}, errors.New("is not an address like redis://HOST:6379 or rediss://HOST:6379")
	}
	var u URL
	var sentinel bool
	switch scheme {
	case "redis":
	case "rediss":
		u.TLS = true
	case "redis-sentinel":
		sentinel = true
	case "rediss-sentinel":
		u.TLS, sentinel = true, true
	default:
		return URL{}, fmt.Errorf("begins with %.20q, want redis://, rediss:// (TLS), redis-sentinel:// or rediss-sentinel://", scheme+"://")
	}
	if strings.Contains(rest, "@") {
		return URL{}, ErrPassword
	}
	if i := strings.IndexAny(rest, "?# \t"); i >= 0 {
		return URL{}, fmt.Errorf("has %q in it: an address has hosts and a path only", rest[i:i+1])
	}
	hosts, path, _ := strings.Cut(rest, "/")
	port := portServer
	if sentinel {
		port = portSentinel
		var ok bool
		if u.Master, path, ok = strings.Cut(path, "/"); !ok {
			path = ""
		}
		if u.Master == "" {
			return URL{}, errors.New("names no primary: write redis-sentinel://HOST:26379,HOST:26379/NAME with the NAME of `sentinel monitor NAME …`")
		}
	}
	var err error
	if u.Hosts, err = parseHosts(hosts, port); err != nil {
		return URL{}, err
	}
	if path != "" {
		if u.DB, err = strconv.Atoi(path); err != nil || u.DB < 0 || u.DB > 1<<16 || strconv.Itoa(u.DB) != path {
			return URL{}, fmt.Errorf("has %.20q where the number of a database can be, like redis://HOST:6379/1", path)
		}
	}
	if u.DB != 0 && !sentinel && len(u.Hosts) > 1 {
		return URL{}, errors.New("names a database of a cluster: a cluster has database 0 only, so leave the /NUMBER out")
	}
	return u, nil
}

func parseHosts(list, port string) (hosts []string, err error) {
	for host := range strings.SplitSeq(list, ",") {
		name, number := host, port
		if h, p, err := net.SplitHostPort(host); err == nil {
			name, number = h, p
		} else if inner, ok := strings.CutPrefix(host, "["); ok {
			name = strings.TrimSuffix(inner, "]")
		}
		addr, err := netip.ParseAddr(name)
		if err == nil && addr.Zone() != "" || err != nil && (name == "" || strings.ContainsAny(name, "[]:%\\\"'`<>{}|^")) {
			return nil, fmt.Errorf("has %.60q where a host and port should be, like 10.0.0.5:6379 or [2001:db8::5]:6379", host)
		}
		if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("has %.20q as a port, want 1 to 65535", number)
		}
		hosts = append(hosts, net.JoinHostPort(name, number))
	}
	if len(hosts) > maxHosts {
		return nil, fmt.Errorf("names %d hosts: %d are enough to find the others", len(hosts), maxHosts)
	}
	return hosts, nil
}

// String returns the address as Parse reads it.
func (u URL) String() string {
	scheme := "redis"
	if u.TLS {
		scheme = "rediss"
	}
	var path string
	if u.Master != "" {
		scheme += "-sentinel"
		path = "/" + u.Master
	}
	if u.DB != 0 {
		path += "/" + strconv.Itoa(u.DB)
	}
	return scheme + "://" + strings.Join(u.Hosts, ",") + path
}
