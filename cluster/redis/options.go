package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/redis/redisurl"
)

const (
	sentinelsTime = 2 * time.Second // between looks at who the primary is, beside what Sentinels say by themselves
	bufferBytes   = 64 << 10        // of each connection and direction
)

// Options says where Redis is and who asks.
type Options struct {
	URL      string // as package redisurl has it
	User     string // of Redis' ACL; empty: "default"
	Password string // empty: none

	SentinelPassword string // of the Sentinels, which have an ACL of their own; empty: none

	CA          []byte           // PEM: who may sign the server's certificate; empty: who the system trusts
	Certificate *tls.Certificate // what the server is shown if it asks; may be nil

	Name string // what CLIENT LIST calls the connections: without spaces

	pace pace // zero: usualPace
}

// client returns rueidis' options. Dials end with ctx.
func (o Options) client(ctx context.Context) (rueidis.ClientOption, error) {
	u, err := redisurl.Parse(o.URL)
	if err != nil {
		return rueidis.ClientOption{}, fmt.Errorf("redis: the address %w", err)
	}
	dialer := net.Dialer{Timeout: o.pace.conn, KeepAlive: time.Second}
	opts := rueidis.ClientOption{
		InitAddress:         u.Hosts,
		SelectDB:            u.DB,
		Username:            o.User,
		Password:            o.Password,
		ClientName:          o.Name,
		ClientSetInfo:       rueidis.DisableClientSetInfo, // of Redis 7.2
		Dialer:              dialer,
		ConnWriteTimeout:    o.pace.conn,
		ReadBufferEachConn:  bufferBytes,
		WriteBufferEachConn: bufferBytes,
		DisableCache:        true,
		DisableRetry:        true,
		DialCtxFn: func(dialing context.Context, address string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
			dialing, cancel := context.WithCancel(dialing)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			if t == nil {
				return d.DialContext(dialing, "tcp", address)
			}
			return (&tls.Dialer{NetDialer: d, Config: t}).DialContext(dialing, "tcp", address)
		},
	}
	if u.TLS {
		if opts.TLSConfig, err = o.tls(); err != nil {
			return rueidis.ClientOption{}, err
		}
	}
	if u.Master != "" {
		opts.Sentinel = rueidis.SentinelOption{
			Dialer:                  dialer,
			TLSConfig:               opts.TLSConfig,
			MasterSet:               u.Master,
			Password:                o.SentinelPassword,
			ClientName:              o.Name,
			TopologyRefreshInterval: sentinelsTime,
		}
	}
	return opts, nil
}

func (o Options) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(o.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("redis: the CA's file has no certificate in PEM")
		}
	}
	if o.Certificate != nil {
		config.Certificates = []tls.Certificate{*o.Certificate}
	}
	return config, nil
}
