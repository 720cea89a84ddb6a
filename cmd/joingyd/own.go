package main

import (
	"net/netip"
	"slices"
	"strings"
)

// maxOwnAddresses is more than anybody has.
const maxOwnAddresses = 16

// ownAddresses returns the addresses from which whoever runs this is connected by
// SSH: as sshd told this process, or one that it descends from, as sudo does.
func ownAddresses() (addrs []string) {
	for environment := range environments() {
		for _, entry := range environment {
			name, value, _ := strings.Cut(entry, "=")
			if name != "SSH_CONNECTION" && name != "SSH_CLIENT" {
				continue
			}
			from, _, _ := strings.Cut(value, " ")
			if _, err := netip.ParseAddr(from); err == nil && !slices.Contains(addrs, from) && len(addrs) < maxOwnAddresses {
				addrs = append(addrs, from)
			}
		}
	}
	return addrs
}
