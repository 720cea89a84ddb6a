package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Who is where, in a range for documentation (RFC 5737).
const (
	domain      = "chat.example.org"
	machineAddr = "203.0.113.10"
	prefixBits  = "/24"
)

var (
	addrA      = netip.MustParseAddr("203.0.113.21")
	addrB      = netip.MustParseAddr("203.0.113.22")
	addrBanned = netip.MustParseAddr("203.0.113.66")
	strangers  = []netip.Addr{addrA, addrB, addrBanned}
)

// connect lays a cable between the machine and this network namespace, where visitors have
// an address each.
func (m *machine) connect() error {
	lines := [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "outside", "type", "veth", "peer", "name", "host0", "netns", m.leader},
		{"ip", "link", "set", "outside", "up"},
		{"nsenter", "--target", m.leader, "--net", "ip", "address", "add", machineAddr + prefixBits, "dev", "host0"},
		{"nsenter", "--target", m.leader, "--net", "ip", "link", "set", "host0", "up"},
	}
	for _, addr := range strangers {
		lines = append(lines, []string{"ip", "address", "add", addr.String() + prefixBits, "dev", "outside"})
	}
	for _, line := range lines {
		if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, out)
		}
	}
	return nil
}

// nameSite has the site's name known in this mount namespace and in the machine.
func nameSite(root string) error {
	const hosts = "127.0.0.1 localhost\n" + machineAddr + " " + domain + "\n"
	for _, path := range []string{filepath.Join(root, "etc/hosts"), root + ".hosts"} {
		if err := os.WriteFile(path, []byte(hosts), 0o644); err != nil {
			return err
		}
	}
	if out, err := exec.Command("mount", "--bind", root+".hosts", "/etc/hosts").CombinedOutput(); err != nil {
		return fmt.Errorf("mount /etc/hosts: %w: %s", err, out)
	}
	return nil
}
