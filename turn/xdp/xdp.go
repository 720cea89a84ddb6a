package xdp

import (
	"errors"
	"net/netip"
	"time"
)

// Errors to match with errors.Is. Whatever Open returns, the relay works without.
var (
	// ErrUnsupported: the system, the kernel or the interface can't.
	ErrUnsupported = errors.New("xdp: not supported")
	// ErrPermission: capabilities are missing.
	ErrPermission = errors.New("xdp: not permitted")
	// ErrBusy: another XDP program is attached, and was left alone.
	ErrBusy = errors.New("xdp: interface is taken")
	// ErrInvalid: a flow, a target or an option makes no sense.
	ErrInvalid = errors.New("xdp: invalid")
	// ErrFull: there are MaxFlows flows, those deleted in the last second included.
	ErrFull = errors.New("xdp: table is full")
	// ErrClosed: the Forwarder is closed.
	ErrClosed = errors.New("xdp: closed")
)

// Mode is how the program hooks into an interface.
type Mode string

const (
	// ModeAuto is native, or else generic; generic for veth.
	ModeAuto Mode = "auto"
	// ModeNative runs in the driver, before the kernel makes a socket buffer.
	ModeNative Mode = "native"
	// ModeGeneric runs in any interface's receive path, at a higher cost.
	ModeGeneric Mode = "generic"
)

// Options of a Forwarder; the zero value works.
type Options struct {
	// Interfaces to attach to, all of them or none. Empty: those that are up when
	// Open is called, loopback aside, as many as can.
	Interfaces []string
	// Mode, ModeAuto if empty.
	Mode Mode
	// MaxFlows is how many flows fit, 200,000 if 0.
	MaxFlows int
	// TotalRate bounds all flows together: bytes of application data a second, with
	// bursts of one second's worth; 0 is no bound.
	TotalRate uint64
}

// Flow is what is forwarded: the ChannelData messages of one client to one address
// of the server on one channel.
type Flow struct {
	Client, Server netip.AddrPort
	Channel        uint16 // 0x4000-0x7fff
}

// Target is what a flow's messages become: messages of the server to the partner.
type Target struct {
	// Client is who gets them, Server the address that they come from; of the
	// flow's address family.
	Client, Server netip.AddrPort
	Channel        uint16 // 0x4000-0x7fff
	// Rate is bytes of application data a second, with bursts of one second's
	// worth, which is to say that less than one packet a second is nothing at all;
	// 0 is no bound. What is over it is dropped.
	Rate uint64
	// Until is how long from now the flow is forwarded.
	Until time.Duration
}

// Counters of one flow since it was first put.
type Counters struct {
	Packets, Bytes uint64 // forwarded; bytes of application data
	Dropped        uint64 // packets over the flow's rate or the total one
	// Last is how long ago the last packet was forwarded, negative if none was.
	Last time.Duration
}

// Stats of a Forwarder since Open.
type Stats struct {
	Forwarded, Dropped uint64 // packets, of flows that are gone included
	Passed             Passed
	Flows              int
	Interfaces         []Interface
	// Notes say what does not work, why, and how to mend it, a sentence each.
	Notes []string
}

// Passed counts packets of known flows that went to the relay's socket instead.
type Passed struct {
	Checksum   uint64 // wrong, or left to the sender's network card
	Expired    uint64 // the flow's time was over
	Forwarding uint64 // the kernel's forwarding setting is off, see Notes
	Neighbour  uint64 // the next hop's link address isn't known (yet)
	MTU        uint64 // too large for the route
	Route      uint64 // no route, or out of an interface that the program isn't on
}

// Interface is one that the program is attached to.
type Interface struct {
	Name string
	Mode Mode // ModeNative or ModeGeneric
}
