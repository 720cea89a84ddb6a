package main

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/turn"
)

// openRelay is the relay's open mode as it is configured, nil for the masked
// one. The settings have been validated; what can still be wrong are files.
func openRelay(c config.TURN) (*turn.Open, error) {
	if c.Relay != "open" {
		return nil, nil
	}
	own, err := ownAddrs()
	if err != nil {
		return nil, err
	}
	open := &turn.Open{
		Relay:    parseAll(c.RelayAddresses, netip.MustParseAddr),
		External: parseAll(c.ExternalAddresses, netip.MustParseAddr),
		Allow:    parseAll(c.AllowPeers, netip.MustParsePrefix),
		Deny:     parseAll(c.DenyPeers, netip.MustParsePrefix),
		Own:      own,
	}
	if open.MinPort, open.MaxPort, err = config.ParsePorts(c.RelayPorts); err != nil {
		return nil, err
	}
	if c.UsersFile != "" {
		if open.Users, err = config.LoadUsers(c.UsersFile); err != nil {
			return nil, fmt.Errorf("turn.users_file: %w", err)
		}
	}
	for _, path := range c.SecretFiles {
		secret, err := config.LoadSharedSecret(path)
		if err != nil {
			return nil, fmt.Errorf("turn.secret_files: %w", err)
		}
		open.Secrets = append(open.Secrets, secret)
	}
	return open, nil
}

func parseAll[T any](texts []string, parse func(string) T) []T {
	values := make([]T, len(texts))
	for i, text := range texts {
		values[i] = parse(text)
	}
	return values
}

// ownAddrs lists the addresses of this machine's interfaces.
func ownAddrs() (addrs []netip.Addr, err error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("this machine's addresses: %w", err)
	}
	for _, network := range interfaces {
		if prefix, err := netip.ParsePrefix(network.String()); err == nil {
			addrs = append(addrs, prefix.Addr().WithZone(""))
		}
	}
	return addrs, nil
}
