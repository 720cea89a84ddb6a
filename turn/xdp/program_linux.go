package xdp

import (
	"encoding/binary"
	"slices"

	"github.com/cilium/ebpf/asm"
)

// Registers that keep their meaning through the program, helper calls included
// (those clobber R1 to R5, and R0 is their result).
const (
	regContext = asm.R6 // struct xdp_md *
	regPacket  = asm.R7 // the frame; the family's headers are known to be in it
	regSlot    = asm.R8 // the flow's slot, once lookup has found it
	regLength  = asm.R9 // bytes of UDP header and payload, all of them in the frame
)

// Places on the stack, relative to the frame pointer (asm.RFP).
const (
	stackKey     = -headerSize        // header of the packet
	stackFIB     = stackKey - fibSize // struct bpf_fib_lookup
	stackNow     = stackFIB - 8       // nanoseconds of CLOCK_MONOTONIC
	stackSum     = stackNow - 8       // one's complement sum so far
	stackSize    = stackSum - 8       // bytes of application data
	stackVerdict = stackSize - 8      // what is returned in the end
	stackIndex   = stackVerdict - 8   // a key of 4 bytes
)

// Fields of struct xdp_md.
const (
	contextData    = 0
	contextDataEnd = 4
	contextIngress = 12
)

// Verdicts.
const (
	verdictDrop     = 1
	verdictPass     = 2
	verdictTX       = 3
	verdictRedirect = 4
)

// Names by which the program refers to the maps.
const (
	mapFlows    = "flows"
	mapSlots    = "slots"
	mapPorts    = "ports"
	mapCounters = "counters"
	mapTotal    = "total"
)

// Sizes that are accepted.
const (
	sizeEthernet   = 14
	sizeUDP        = 8
	sizeChannel    = 4
	maxUDPPayload  = 1600
	forwardedTTL   = 64
	protocolUDP    = 17
	etherTypeIPv4  = 0x0800
	etherTypeIPv6  = 0x86dd
	labelPass      = "pass"
	labelOver      = "over"
	labelTransmit  = "transmit"
	loopbackIndex  = 1 // in every network namespace
	familyIPv4     = 2
	familyIPv6     = 10
	sizeIPv4Header = 20
	sizeIPv6Header = 40
)

// family is where things are in the frames of one address family: always at the
// same place, for other frames are not forwarded.
type family struct {
	name                string // starts the labels
	number              int64  // AF_…
	version             uint16 // 4 or 6
	source, destination int16  // addresses
	address             int16  // bytes in an address
	ttl                 int16
	udp, channel        int16 // headers
}

var (
	ipv4 = family{name: "ipv4", number: familyIPv4, version: 4, address: 4, ttl: 22, source: 26, destination: 30,
		udp: sizeEthernet + sizeIPv4Header, channel: sizeEthernet + sizeIPv4Header + sizeUDP}
	ipv6 = family{name: "ipv6", number: familyIPv6, version: 6, address: 16, ttl: 21, source: 22, destination: 38,
		udp: sizeEthernet + sizeIPv6Header, channel: sizeEthernet + sizeIPv6Header + sizeUDP}
)

func (f family) is4() bool { return f.number == familyIPv4 }

// label is a label of this family's copy of a block.
func (f family) label(name string) string { return f.name + "_" + name }

// program is the whole of it. A packet is not changed before rewrite, and all that
// can refuse it comes before: whatever is passed is passed as it came.
func program(totalRate uint64) asm.Instructions {
	code := parseEthernet()
	for _, f := range []family{ipv4, ipv6} {
		code = join(code,
			f.parseIP(),
			f.parseChannelData(),
			f.key(),
			lookup(f),
			f.verifyChecksums(),
			f.route(),
			f.egress(),
			f.quota(totalRate),
			f.rewrite(),
			asm.Instructions{asm.Ja.Label(labelTransmit)},
		)
	}
	return join(code, transmit(), refusals())
}

func join(blocks ...asm.Instructions) asm.Instructions { return slices.Concat(blocks...) }

// label names the first instruction of a block.
func label(name string, block ...asm.Instruction) asm.Instructions {
	block[0] = block[0].WithSymbol(name)
	return block
}

// mapPointer loads a map.
func mapPointer(to asm.Register, name string) asm.Instruction {
	return asm.LoadMapPtr(to, 0).WithReference(name)
}

// stackPointer loads the address of a place on the stack.
func stackPointer(to asm.Register, place int32) asm.Instructions {
	return asm.Instructions{asm.Mov.Reg(to, asm.RFP), asm.Add.Imm(to, place)}
}

// store8 writes 8 bytes of the stack, which asm.StoreImm does not offer.
func store8(place int16, value int64) asm.Instruction {
	return asm.Instruction{OpCode: asm.StoreImmOp(asm.DWord), Dst: asm.RFP, Offset: place, Constant: value}
}

// onWire is how a load of 2 bytes sees a number that is in network byte order.
func onWire(number uint16) int32 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], number)
	return int32(binary.NativeEndian.Uint16(b[:]))
}

// parseEthernet loads the registers and leads to the family's block.
func parseEthernet() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(regContext, asm.R1),
		asm.LoadMem(regPacket, regContext, contextData, asm.Word),
		asm.LoadMem(asm.R2, regContext, contextDataEnd, asm.Word),
		// The shortest frame of all.
		asm.Mov.Reg(asm.R3, regPacket),
		asm.Add.Imm(asm.R3, int32(ipv4.channel+sizeChannel)),
		asm.JGT.Reg(asm.R3, asm.R2, labelPass),
		asm.LoadMem(asm.R1, regPacket, 12, asm.Half),
		asm.JEq.Imm(asm.R1, onWire(etherTypeIPv4), ipv4.label("ip")),
		asm.JEq.Imm(asm.R1, onWire(etherTypeIPv6), ipv6.label("ip")),
		asm.Ja.Label(labelPass),
	}
}

// refusals are the ends of packets that are not forwarded.
func refusals() asm.Instructions {
	passed := map[string]int16{
		"checksum": countChecksum, "expired": countExpired, "forwarding": countForwarding,
		"neighbour": countNeighbour, "mtu": countMTU, "route": countRoute,
	}
	var code asm.Instructions
	for _, reason := range []string{"checksum", "expired", "forwarding", "neighbour", "mtu", "route"} {
		code = join(code, count(reason, passed[reason]), asm.Instructions{asm.Ja.Label(labelPass)})
	}
	over := join(
		label(labelOver,
			asm.Mov.Imm(asm.R1, 1),
			asm.Mov.Reg(asm.R2, regSlot),
			asm.Add.Imm(asm.R2, slotDropped),
			asm.StoreXAdd(asm.R2, asm.R1, asm.DWord)),
		count("dropped", countDropped),
		asm.Instructions{asm.Mov.Imm(asm.R0, verdictDrop), asm.Return()},
	)
	return join(code, over, label(labelPass, asm.Mov.Imm(asm.R0, verdictPass), asm.Return()))
}

// count adds one to this CPU's counter. It needs no atomic operation: XDP programs
// run with softirqs off.
func count(name string, counter int16) asm.Instructions {
	return join(
		label(name, asm.StoreImm(asm.RFP, stackIndex, 0, asm.Word)),
		stackPointer(asm.R2, stackIndex),
		asm.Instructions{
			mapPointer(asm.R1, mapCounters),
			asm.FnMapLookupElem.Call(),
			asm.JEq.Imm(asm.R0, 0, name+"_counted"),
			asm.LoadMem(asm.R1, asm.R0, counter, asm.DWord),
			asm.Add.Imm(asm.R1, 1),
			asm.StoreMem(asm.R0, counter, asm.R1, asm.DWord),
		},
		label(name+"_counted", asm.Mov.Imm(asm.R0, 0)),
	)
}
