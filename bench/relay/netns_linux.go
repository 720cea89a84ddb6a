package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// The network of -xdp. The clients' range is routed to the client namespace,
// where all of it is local.
var (
	vethServer  = netip.MustParseAddr("10.199.0.2")
	vethClient  = netip.MustParseAddr("10.199.0.1")
	vethClients = netip.MustParsePrefix("10.200.0.0/15")
)

const (
	clientLink = "bench0"
	serverLink = "bench1"
)

// namespaces are two network namespaces joined by a veth pair. They have no
// names: when this process has ended, however it did, they and the pair are
// gone. The thread that made them moves between them; no other ever does.
type namespaces struct {
	host, client, server int // descriptors
}

// newNamespaces makes them and leaves the thread in the client's.
func newNamespaces() (n *namespaces, err error) {
	n = &namespaces{-1, -1, -1}
	if n.host, err = currentNamespace(); err == nil {
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		n.server, err = currentNamespace()
	}
	if err == nil {
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		n.client, err = currentNamespace()
	}
	if err == nil {
		err = n.connect()
	}
	if err != nil {
		n.close()
		return nil, fmt.Errorf("network namespaces (root?): %w", err)
	}
	return n, nil
}

func currentNamespace() (fd int, err error) {
	return unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// enter moves the thread to a namespace.
func (n *namespaces) enter(fd int) error { return unix.Setns(fd, unix.CLONE_NEWNET) }

// close takes the thread back to where it came from.
func (n *namespaces) close() {
	if n.host >= 0 {
		n.enter(n.host)
	}
	for _, fd := range []int{n.host, n.client, n.server} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// connect joins the two by a veth pair, with fixed neighbours: an XDP program
// answers no ARP.
func (n *namespaces) connect() error {
	err := ip(
		"link set lo up",
		"link add "+clientLink+" type veth peer name "+serverLink,
		fmt.Sprintf("link set %s netns /proc/%d/fd/%d", serverLink, os.Getpid(), n.server),
		fmt.Sprintf("addr add %v/30 dev %s", vethClient, clientLink),
		"link set "+clientLink+" up",
		fmt.Sprintf("route add local %v dev lo", vethClients),
	)
	if err != nil {
		return err
	}
	clientMAC, err := hardwareAddr(clientLink)
	if err != nil {
		return err
	}
	if err := n.enter(n.server); err != nil {
		return err
	}
	err = ip(
		"link set lo up",
		fmt.Sprintf("addr add %v/30 dev %s", vethServer, serverLink),
		"link set "+serverLink+" up",
		fmt.Sprintf("neigh replace %v lladdr %s dev %s", vethClient, clientMAC, serverLink),
		fmt.Sprintf("route add %v via %v", vethClients, vethClient),
	)
	if err != nil {
		return err
	}
	serverMAC, err := hardwareAddr(serverLink)
	if err != nil {
		return err
	}
	if err := n.enter(n.client); err != nil {
		return err
	}
	if err := ip(fmt.Sprintf("neigh replace %v lladdr %s dev %s", vethServer, serverMAC, clientLink)); err != nil {
		return err
	}
	// An XDP program sees what the sender's kernel left for a card to do: no
	// checksum. And what XDP_TX sends back reaches only an interface that polls,
	// which GRO makes it do.
	if err := ethtool(clientLink, ethtoolSetTXChecksum, 0); err != nil {
		return err
	}
	return ethtool(clientLink, ethtoolSetGRO, 1)
}

// ip runs ip(8) in the thread's namespace: a child inherits that of the thread
// that forks it.
func ip(commands ...string) error {
	for _, command := range commands {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
