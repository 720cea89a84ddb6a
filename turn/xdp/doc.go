// Package xdp lets the Linux kernel forward the ChannelData messages (RFC 8656
// section 12.4) of two clients who both talk UDP to the relay: an XDP program on
// the network interface looks a packet up, rewrites it and sends it out again,
// and the process never sees it.
//
//	client ──packet── interface ── program ──rewritten── interface ── partner
//	                                  │
//	                                  └── anything else ── kernel ── relay's socket
//
// A Forwarder holds one-way flows: (client, server address, channel) → (partner,
// server address, channel), which its caller puts and deletes. Two of them, one
// each way, make a call. What is not exactly a packet of a live flow is passed on
// untouched to the relay's socket, so that the fast path is only ever an
// optimisation: whoever calls must go on relaying what arrives there.
//
// # What is forwarded
//
// Ethernet II without VLAN tags; IPv4 without options and not a fragment, or IPv6
// without extension headers; TTL or hop limit over 1; UDP of the IP packet's exact
// length, 1,600 bytes of payload at most; one ChannelData message of the payload's
// exact length, or padded to a multiple of 4. Checksums are verified first (UDP
// over IPv4 may have none), so a corrupt packet, and one whose checksum the sender
// left to its network card, takes the ordinary path. Source and destination,
// channel number, TTL (64) and checksums (incrementally, RFC 1624) are rewritten;
// DSCP, ECN, IP ID, flow label and padding stay.
//
// # Next hop
//
// bpf_fib_lookup asks the kernel's routes, rules and neighbours what it would do
// with a packet that the server itself sends: the lookup enters at the loopback
// interface, like that of any local socket. The kernel answers only if forwarding
// is on for the interface that is asked about, so Open sets
// net.ipv4.conf.lo.forwarding and net.ipv6.conf.lo.forwarding to 1 where it may.
// Nothing arrives at lo from outside, so this does not make the machine a router.
// IPv6 is left alone while the kernel holds routes from router advertisements,
// which it would drop at that moment; set it at boot instead. The settings stay
// when the Forwarder is closed.
//
// A packet leaves through the interface it came in on, or through another one that
// the Forwarder is attached to; in native mode only if that one is native as well.
// No route, no neighbour yet, too large for the route: the packet is passed on.
//
// # Caveats
//
//   - XDP comes before netfilter: forwarded packets appear in no firewall rule, no
//     connection tracking and no socket counter.
//   - A native program in veth (a container's interface) transmits into the void
//     unless the other end runs one too or has GRO on, which this end can't see.
//     ModeAuto therefore takes generic mode there.
//   - Attaching in native mode may reset the link of some network cards.
//   - The kernel lends bpf_fib_lookup to programs under a licence compatible with
//     the GPL only: the program is declared "Dual MIT/GPL".
//
// # Cost
//
// Open reserves 165 bytes of kernel memory for each of MaxFlows (33 MB for 200,000);
// one that lives takes some 110 bytes more there, and 60 in the process.
// Put of a flow that exists, and Counters, make no system call; Put of a new flow
// and Delete make one.
//
// # Requirements
//
// Linux 5.12 (atomic operations; attaching by link is 5.9) with a BPF JIT; CAP_BPF,
// CAP_PERFMON and CAP_NET_ADMIN. The last is also for the settings above, if /proc/sys
// is writable. Before Linux 5.19, Put and Delete go on needing CAP_BPF.
package xdp
