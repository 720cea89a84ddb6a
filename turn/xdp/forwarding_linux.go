package xdp

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	forwarding4 = "net.ipv4.conf.lo.forwarding"
	forwarding6 = "net.ipv6.conf.lo.forwarding"
)

// enableForwarding lets bpf_fib_lookup answer for what comes in at loopback (see the
// package). It returns a note for the family that will do without, and an error if
// both do.
func enableForwarding() (notes []string, err error) {
	err4, err6 := enable(forwarding4), enable(forwarding6)
	if err4 != nil && err6 != nil {
		return nil, fmt.Errorf("%w: turning on %s and %s: %w, %w; set them to 1 at boot (sysctl.d)", ErrPermission, forwarding4, forwarding6, err4, err6)
	}
	if err4 != nil {
		notes = append(notes, note("IPv4", forwarding4, err4))
	}
	if err6 != nil {
		notes = append(notes, note("IPv6", forwarding6, err6))
	}
	return notes, nil
}

func note(family, setting string, err error) string {
	return fmt.Sprintf("%s packets are not forwarded in the kernel: turning on %s: %v; set it to 1 at boot (sysctl.d)", family, setting, err)
}

func enable(setting string) error {
	path := sysctl(setting)
	if value, err := os.ReadFile(path); err != nil || isOn(value) {
		return err
	}
	if setting == forwarding6 {
		if device := advertisedRoutes(); device != "" {
			return fmt.Errorf("now that would drop the routes that %s has from router advertisements", device)
		}
	}
	return os.WriteFile(path, []byte("1"), 0)
}

func sysctl(name string) string { return "/proc/sys/" + strings.ReplaceAll(name, ".", "/") }

func isOn(value []byte) bool { return !bytes.Equal(bytes.TrimSpace(value), []byte("0")) }

// advertisedRoutes names a device whose routes the kernel would purge when IPv6
// forwarding is turned on anywhere (rt6_purge_dflt_routers): those that it learnt
// from router advertisements itself, unless accept_ra is 2.
func advertisedRoutes() string {
	const isDefault, addrconf = 0x00010000, 0x00040000 // RTF_DEFAULT, RTF_ADDRCONF
	table, err := os.Open("/proc/thread-self/net/ipv6_route")
	if err != nil {
		return ""
	}
	defer table.Close()
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 10 {
			continue
		}
		flags, err := strconv.ParseUint(fields[8], 16, 32)
		if err != nil || flags&(isDefault|addrconf) == 0 {
			continue
		}
		device := fields[9]
		accept, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + device + "/accept_ra")
		if err != nil || strings.TrimSpace(string(accept)) != "2" {
			return device
		}
	}
	return ""
}
