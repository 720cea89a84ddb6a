package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/pion/turn/v4"
)

// allocate makes a relay allocation for each side of every pair: only a
// candidate that its sender owns passes the mask. An allocation outlives its
// socket by minutes, longer than calls are measured.
func (l *load) allocate(ctx context.Context) error {
	return each(2*len(l.pairs), func(i int) error {
		v := l.pairs[i/2].a
		if i%2 == 1 {
			v = l.pairs[i/2].b
		}
		return v.allocate(ctx)
	})
}

// allocate asks the relay of the visitor's welcome.
func (v *visitor) allocate(ctx context.Context) error {
	for _, server := range v.conn.Welcome().ICE.Servers {
		for _, url := range server.URLs {
			address, transport, _ := strings.Cut(url, "?transport=")
			address, found := strings.CutPrefix(address, "turn:")
			if !found || transport == "tcp" {
				continue
			}
			var err error
			v.relayed, err = relayedAddr(ctx, v.addr, address, server.Username, server.Credential)
			return err
		}
	}
	return errors.New("the welcome has no TURN server over UDP")
}

// relayedAddr makes an allocation from local and returns its address.
func relayedAddr(ctx context.Context, local netip.Addr, server, username, password string) (netip.AddrPort, error) {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", netip.AddrPortFrom(local, 0).String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer conn.Close()
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: conn, Username: username, Password: password,
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		return netip.AddrPort{}, err
	}
	relayed, err := c.Allocate()
	if err != nil {
		return netip.AddrPort{}, err
	}
	return relayed.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}
