// Command ws measures the matchmaker's sockets: what holding a session costs, how
// fast sessions and pairs are made, and how long signalling takes.
//
//	load ─┐  visitors with package client,            joingyd serve
//	load ─┼─ each from an address of 127/8 ──TCP──▶   or the bare server
//	load ─┘                                             │
//	  ▲ questions, answers: JSON lines                  /proc/PID, GET /metrics
//	  └──────────────── this process ───────────────────┘
//
// A process may open only so many descriptors, so the daemon is a process of its
// own and the visitors are shared out to several. The parts that this program
// plays itself (load, bare, crowd) are its own children, which answer questions on
// their standard input. A child ends with its standard input, and the kernel kills
// every child when the parent dies.
//
// The bare server is coder/websocket with the least that makes package client
// content: it answers hello with a welcome and echoes what follows. The same load
// processes hold as many connections to it, so that the ratio says what joingyd
// adds to its library. A Centrifugo may stand beside it (-centrifugo), which is
// asked for nothing but to hold connections: it has a protocol of its own.
//
// A crowd is the real hub with more sessions than a process may open descriptors:
// its connections are in memory, and the other ends are no goroutines but a few
// fields each, whose memory is taken before the hub's is counted.
//
// Caveats: clients and server share the machine's cores, so rates and times are
// those of both together; CPU is the server's alone, but on loopback a send does
// the receiver's half of the kernel's work too. Times on a shared machine wander.
package main
