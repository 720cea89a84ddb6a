package xdp_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/joingyd/joingyd/turn/xdp"
	"golang.org/x/sys/unix"
)

// namespace is a network namespace of one thread; it and its interfaces end with
// the test.
type namespace struct {
	calls chan func()
	tid   int
}

// newNamespace skips the test where there can be none, or no XDP program.
func newNamespace(t testing.TB) *namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes network namespaces and loads BPF programs")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skipf("needs iproute2: %v", err)
	}
	if err := xdp.Probe(); err != nil {
		t.Skipf("the kernel does not let this process load an XDP program: %v", err)
	}
	n := &namespace{calls: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		n.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- err
		if err != nil {
			return
		}
		for call := range n.calls {
			call()
		}
	}()
	if err := <-ready; err != nil {
		t.Skipf("needs network namespaces: unshare: %v", err)
	}
	t.Cleanup(func() { close(n.calls) })
	n.ip(t, "link set lo up")
	return n
}

// do runs a function inside.
func (n *namespace) do(call func()) {
	done := make(chan struct{})
	n.calls <- func() {
		defer close(done)
		call()
	}
	<-done
}

// ip runs ip's commands, one a line.
func (n *namespace) ip(t testing.TB, commands string, args ...any) {
	t.Helper()
	commands = fmt.Sprintf(commands, args...)
	var out []byte
	var err error
	n.do(func() {
		cmd := exec.Command("ip", "-batch", "-")
		cmd.Stdin = strings.NewReader(commands + "\n")
		out, err = cmd.CombinedOutput()
	})
	if err != nil {
		t.Fatalf("ip: %v\n%s\n%s", err, bytes.TrimSpace(out), commands)
	}
}

func (n *namespace) index(t testing.TB, name string) (index int) {
	t.Helper()
	n.do(func() {
		i, err := net.InterfaceByName(name)
		if err != nil {
			t.Errorf("interface %s: %v", name, err)
			return
		}
		index = i.Index
	})
	return index
}

// set writes a setting below /proc/sys.
func (n *namespace) set(t testing.TB, name, value string) {
	t.Helper()
	var err error
	n.do(func() { err = os.WriteFile("/proc/sys/"+name, []byte(value), 0) })
	if err != nil {
		t.Fatal(err)
	}
}

// get reads one.
func (n *namespace) get(t testing.TB, name string) string {
	t.Helper()
	var value []byte
	var err error
	n.do(func() { value, err = os.ReadFile("/proc/sys/" + name) })
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// advertise sends a router advertisement (RFC 4861 section 4.2) from fe80::9.
func (n *namespace) advertise(t testing.TB, device string) {
	t.Helper()
	zone := n.index(t, device)
	n.do(func() {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		const routerLifetime = 1800 // seconds
		message := []byte{134, 0, 0, 0, 64, 0, routerLifetime >> 8, routerLifetime & 0xff, 15: 0}
		allNodes := unix.SockaddrInet6{Addr: [16]byte{0xff, 2, 15: 1}, ZoneId: uint32(zone)}
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255),
			unix.Bind(fd, &unix.SockaddrInet6{Addr: [16]byte{0xfe, 0x80, 15: 9}, ZoneId: uint32(zone)}),
			unix.Sendto(fd, message, 0, &allNodes),
		)
		if err != nil && !errors.Is(err, unix.ENETUNREACH) { // the link is still coming up
			t.Errorf("router advertisement: %v", err)
		}
	})
}

// open opens a Forwarder inside.
func (n *namespace) open(t testing.TB, options xdp.Options) *xdp.Forwarder {
	t.Helper()
	var f *xdp.Forwarder
	var err error
	n.do(func() { f, err = xdp.Open(options) })
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return f
}

// sumInSoftware makes an interface send packets with their checksums.
func (n *namespace) sumInSoftware(t testing.TB, name string) {
	t.Helper()
	n.do(func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		value := struct{ command, data uint32 }{unix.ETHTOOL_STXCSUM, 0}
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], name)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			t.Errorf("ethtool %s: %v", name, errno)
		}
	})
}
