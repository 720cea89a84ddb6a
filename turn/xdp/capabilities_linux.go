package xdp

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// needed is what loading and attaching take. CAP_PERFMON is for the verifier: without
// it no program may find its way in a packet by a length that the packet has.
var needed = []struct {
	bit  uint
	name string
}{
	{unix.CAP_BPF, "CAP_BPF"},
	{unix.CAP_PERFMON, "CAP_PERFMON"},
	{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN"},
}

// checkCapabilities names what the process lacks, which the kernel doesn't.
func checkCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("%w: reading capabilities: %w", ErrUnsupported, err)
	}
	has := func(bit uint) bool { return data[bit/32].Effective>>(bit%32)&1 != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil // stands in for all of them
	}
	var missing []string
	for _, c := range needed {
		if !has(c.bit) {
			missing = append(missing, c.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: the process lacks %s; give it (systemd: AmbientCapabilities=)", ErrPermission, strings.Join(missing, ", "))
	}
	return nil
}
