//go:build !linux

package main

import (
	"errors"
	"net/netip"
)

func startEcho(netip.AddrPort) (childServer, error) { return nil, errors.ErrUnsupported }
