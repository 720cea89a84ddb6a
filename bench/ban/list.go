package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
)

// target returns the n-th target of the list: of ten, seven single IPv4 addresses,
// two IPv6 /64s, and a /24 or a /56. None comes twice, and none covers another.
func target(n int) netip.Prefix {
	switch n % 10 {
	case 0:
		return netip.PrefixFrom(address4(0x80000000|uint32(n)<<8), 24)
	case 5:
		return netip.PrefixFrom(address6(0x2a02, n), 56)
	case 3, 7:
		return netip.PrefixFrom(address6(0x2a01, n), 64)
	}
	return netip.PrefixFrom(address4(0x0b000000+uint32(n)), 32)
}

func address4(n uint32) netip.Addr {
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], n)
	return netip.AddrFrom4(raw)
}

// address6 puts n right after the first 16 bits.
func address6(first uint16, n int) netip.Addr {
	var raw [16]byte
	binary.BigEndian.PutUint16(raw[:], first)
	binary.BigEndian.PutUint32(raw[2:], uint32(n))
	return netip.AddrFrom16(raw)
}

// writeList writes n targets, one a line.
func writeList(path string, n int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	for i := range n {
		fmt.Fprintln(w, target(i))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}
