package xdp

import "github.com/cilium/ebpf/asm"

// struct bpf_fib_lookup: the question, then the answer in the same place.
const (
	fibFamily      = 0
	fibProtocol    = 1
	fibPorts       = 2 // source, destination
	fibLength      = 6 // of the IP packet, in host order
	fibInterface   = 8
	fibTOS         = 12 // IPv4: 1 byte; IPv6: the flow info, 4
	fibSource      = 16
	fibDestination = 32
	fibSourceMAC   = 52
	fibTargetMAC   = 58
	fibSize        = 64
)

// Results of bpf_fib_lookup, 0 being success.
const (
	fibForwardingOff = 5
	fibNoNeighbour   = 7
	fibTooLarge      = 8
)

// route asks the kernel for the next hop of the packet that is to be sent, as if a
// local socket sent it: through the policy rules too, and in at loopback. What is
// not plainly a neighbour to reach is left to the kernel.
func (f family) route() asm.Instructions {
	var code asm.Instructions
	for i := int16(0); i < fibSize; i += 8 {
		code = append(code, store8(stackFIB+i, 0))
	}
	code = append(code,
		asm.StoreImm(asm.RFP, stackFIB+fibFamily, f.number, asm.Byte),
		asm.StoreImm(asm.RFP, stackFIB+fibProtocol, protocolUDP, asm.Byte),
		asm.LoadMem(asm.R1, regSlot, slotSent+headerPorts, asm.Half),
		asm.StoreMem(asm.RFP, stackFIB+fibPorts, asm.R1, asm.Half),
		asm.LoadMem(asm.R1, regSlot, slotSent+headerPorts+2, asm.Half),
		asm.StoreMem(asm.RFP, stackFIB+fibPorts+2, asm.R1, asm.Half),
		asm.Mov.Reg(asm.R1, regLength),
		asm.Add.Imm(asm.R1, int32(f.udp-sizeEthernet)),
		asm.StoreMem(asm.RFP, stackFIB+fibLength, asm.R1, asm.Half),
		asm.StoreImm(asm.RFP, stackFIB+fibInterface, loopbackIndex, asm.Word),
	)
	if f.is4() {
		code = append(code,
			asm.LoadMem(asm.R1, regPacket, sizeEthernet+1, asm.Byte),
			asm.StoreMem(asm.RFP, stackFIB+fibTOS, asm.R1, asm.Byte),
		)
	} else {
		code = append(code,
			asm.LoadMem(asm.R1, regPacket, sizeEthernet, asm.Word),
			asm.HostTo(asm.BE, asm.R1, asm.Word),
			asm.And.Imm(asm.R1, 0x0fffffff),
			asm.HostTo(asm.BE, asm.R1, asm.Word),
			asm.StoreMem(asm.RFP, stackFIB+fibTOS, asm.R1, asm.Word),
		)
	}
	code = join(code,
		f.copyAddress(asm.RFP, stackFIB+fibSource, headerSource),
		f.copyAddress(asm.RFP, stackFIB+fibDestination, headerDestination),
		asm.Instructions{asm.Mov.Reg(asm.R1, regContext)},
		stackPointer(asm.R2, stackFIB),
		asm.Instructions{
			asm.Mov.Imm(asm.R3, fibSize),
			asm.Mov.Imm(asm.R4, 0),
			asm.FnFibLookup.Call(),
			asm.JEq.Imm(asm.R0, fibNoNeighbour, "neighbour"),
			asm.JEq.Imm(asm.R0, fibTooLarge, "mtu"),
			asm.JEq.Imm(asm.R0, fibForwardingOff, "forwarding"),
			asm.JNE.Imm(asm.R0, 0, "route"),
		})
	return code
}

// copyAddress copies an address of the header that is to be sent, from the slot.
func (f family) copyAddress(base asm.Register, to, part int16) (code asm.Instructions) {
	from := slotSent + part
	if f.is4() {
		return asm.Instructions{
			asm.LoadMem(asm.R1, regSlot, from+12, asm.Word),
			asm.StoreMem(base, to, asm.R1, asm.Word),
		}
	}
	for i := int16(0); i < 16; i += 8 {
		code = append(code,
			asm.LoadMem(asm.R1, regSlot, from+i, asm.DWord),
			asm.StoreMem(base, to+i, asm.R1, asm.DWord),
		)
	}
	return code
}

// egress goes on if the packet can leave through the interface that route has found:
// its own one, or one with a program of ours, as nothing tells whether others can
// transmit XDP's packets. Native to generic they can't.
func (f family) egress() asm.Instructions {
	port := func(field asm.Instruction) asm.Instructions {
		return join(
			asm.Instructions{field, asm.StoreMem(asm.RFP, stackIndex, asm.R1, asm.Word), mapPointer(asm.R1, mapPorts)},
			stackPointer(asm.R2, stackIndex),
			asm.Instructions{
				asm.FnMapLookupElem.Call(),
				asm.JEq.Imm(asm.R0, 0, "route"),
				asm.LoadMem(asm.R1, asm.R0, 0, asm.Word),
			},
		)
	}
	in := asm.LoadMem(asm.R1, regContext, contextIngress, asm.Word)
	out := asm.LoadMem(asm.R1, asm.RFP, stackFIB+fibInterface, asm.Word)
	return join(
		asm.Instructions{
			store8(stackVerdict, verdictTX),
			in,
			asm.LoadMem(asm.R2, asm.RFP, stackFIB+fibInterface, asm.Word),
			asm.JEq.Reg(asm.R1, asm.R2, f.label("egress")),
		},
		port(out),
		asm.Instructions{asm.JEq.Imm(asm.R1, portNative, f.label("redirect"))},
		port(in),
		asm.Instructions{asm.JEq.Imm(asm.R1, portNative, "route")},
		label(f.label("redirect"), store8(stackVerdict, verdictRedirect)),
		label(f.label("egress"), asm.Mov.Imm(asm.R0, 0)),
	)
}
