// Command relay measures what relaying a packet costs: coturn, stock pion/turn and
// joingyd's own relay in turn, in one run, on one machine.
//
//	load core                                        server core
//	endpoint ── one socket, every client ──UDP── coturn | pion | joingyd
//	   │                                             │
//	generator: load (packets), control (requests)   /proc/PID/task/*/schedstat
//
// One server runs at a time, pinned to one core; the generator has another. Pion
// and joingyd are this program again, as children, which
// answer questions on their standard input, one JSON object a line. A child ends
// with its standard input, and the kernel kills every server when the generator
// dies.
//
// The clients of the generator are 127/8 addresses that share one port and one
// unbound-address socket: the source of a packet goes into its IP_PKTINFO. So a
// batch holds packets of many clients, nothing needs to be polled, and 100,000
// clients need no descriptor each. The generator spins rather than blocks: a
// server never pays for waking it up.
//
// The generator does not send with UDP GSO. Browsers don't, so a server must get
// its packets one by one; on loopback a segmented send would reach a server that
// reads with UDP_GRO as one packet, and the others as ten that the kernel cut on
// the generator's core. What a server sends with GSO is another matter: there,
// loopback lacks the segmentation offload that a network card has, and the kernel
// segments on the server's account unless the receiver takes segments
// (-client-gro). Bursts run both ways.
//
// Caveats: on loopback a send does the receiver's half of the kernel's work too,
// so every figure holds a socket look-up and an enqueue that on a network the
// other machine would do. That is the same for all servers. Times on a shared
// machine wander: only ratios within one run mean something.
package main
