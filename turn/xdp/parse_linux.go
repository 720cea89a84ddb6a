package xdp

import "github.com/cilium/ebpf/asm"

// parseIP leaves regLength at the length of the UDP datagram, all of which is in
// the frame, and the family's headers within reach of regPacket.
func (f family) parseIP() asm.Instructions {
	code := f.parseIPv6()
	if f.is4() {
		code = f.parseIPv4()
	}
	return join(code, asm.Instructions{
		// Lengths from here on fit the table of verifyChecksums.
		asm.JLT.Imm(regLength, sizeUDP+sizeChannel, labelPass),
		asm.JGT.Imm(regLength, sizeUDP+maxUDPPayload, labelPass),
		// The datagram ends within the frame.
		asm.Mov.Reg(asm.R3, regPacket),
		asm.Add.Imm(asm.R3, int32(f.udp)),
		asm.Add.Reg(asm.R3, regLength),
		asm.LoadMem(asm.R2, regContext, contextDataEnd, asm.Word),
		asm.JGT.Reg(asm.R3, asm.R2, labelPass),
		// TTL or hop limit: a router would not forward the last one either.
		asm.LoadMem(asm.R1, regPacket, f.ttl, asm.Byte),
		asm.JLE.Imm(asm.R1, 1, labelPass),
		// The datagram is all of the IP packet.
		asm.LoadMem(asm.R1, regPacket, f.udp+4, asm.Half),
		asm.HostTo(asm.BE, asm.R1, asm.Half),
		asm.JNE.Reg(asm.R1, regLength, labelPass),
	})
}

// parseIPv4 is for RFC 791. parseEthernet has seen to it that the frame is long enough.
func (f family) parseIPv4() asm.Instructions {
	return label(f.label("ip"),
		// Version 4, no options.
		asm.LoadMem(asm.R1, regPacket, sizeEthernet, asm.Byte),
		asm.JNE.Imm(asm.R1, 0x45, labelPass),
		// No flags but DF, offset 0: not a fragment.
		asm.LoadMem(asm.R1, regPacket, sizeEthernet+6, asm.Half),
		asm.And.Imm(asm.R1, onWire(0xbfff)),
		asm.JNE.Imm(asm.R1, 0, labelPass),
		asm.LoadMem(asm.R1, regPacket, sizeEthernet+9, asm.Byte),
		asm.JNE.Imm(asm.R1, protocolUDP, labelPass),
		asm.LoadMem(regLength, regPacket, sizeEthernet+2, asm.Half),
		asm.HostTo(asm.BE, regLength, asm.Half),
		asm.JLT.Imm(regLength, sizeIPv4Header, labelPass),
		asm.Sub.Imm(regLength, sizeIPv4Header),
	)
}

// parseIPv6 is for RFC 8200.
func (f family) parseIPv6() asm.Instructions {
	return label(f.label("ip"),
		asm.Mov.Reg(asm.R3, regPacket),
		asm.Add.Imm(asm.R3, int32(f.channel+sizeChannel)),
		asm.JGT.Reg(asm.R3, asm.R2, labelPass), // R2: parseEthernet's end of the frame
		asm.LoadMem(asm.R1, regPacket, sizeEthernet, asm.Byte),
		asm.And.Imm(asm.R1, 0xf0),
		asm.JNE.Imm(asm.R1, 0x60, labelPass),
		// UDP comes first: no extension header.
		asm.LoadMem(asm.R1, regPacket, sizeEthernet+6, asm.Byte),
		asm.JNE.Imm(asm.R1, protocolUDP, labelPass),
		asm.LoadMem(regLength, regPacket, sizeEthernet+4, asm.Half),
		asm.HostTo(asm.BE, regLength, asm.Half),
	)
}

// parseChannelData leaves the length of the application data on the stack. RFC 8656
// section 12.4: over UDP a message may be padded to a multiple of 4, or not.
func (f family) parseChannelData() asm.Instructions {
	return join(asm.Instructions{
		asm.LoadMem(asm.R1, regPacket, f.channel, asm.Byte),
		asm.And.Imm(asm.R1, 0xc0),
		asm.JNE.Imm(asm.R1, 0x40, labelPass),
		asm.LoadMem(asm.R1, regPacket, f.channel+2, asm.Half),
		asm.HostTo(asm.BE, asm.R1, asm.Half),
		asm.StoreMem(asm.RFP, stackSize, asm.R1, asm.DWord),
		asm.Add.Imm(asm.R1, sizeUDP+sizeChannel),
		asm.JEq.Reg(asm.R1, regLength, f.label("channel")),
		// Both headers are multiples of 4 as well.
		asm.Add.Imm(asm.R1, 3),
		asm.And.Imm(asm.R1, ^3),
		asm.JNE.Reg(asm.R1, regLength, labelPass),
	}, label(f.label("channel"), asm.Mov.Imm(asm.R0, 0)))
}

// key writes the packet's header to the stack.
func (f family) key() asm.Instructions {
	var code asm.Instructions
	for _, part := range []struct{ from, to int16 }{{f.source, headerSource}, {f.destination, headerDestination}} {
		to := stackKey + part.to
		if f.is4() {
			code = append(code,
				store8(to, 0),
				asm.StoreImm(asm.RFP, to+8, 0, asm.Half),
				asm.StoreImm(asm.RFP, to+10, 0xffff, asm.Half), // ::ffff:,
				asm.LoadMem(asm.R1, regPacket, part.from, asm.Word),
				asm.StoreMem(asm.RFP, to+12, asm.R1, asm.Word),
			)
			continue
		}
		for i := int16(0); i < 16; i += 8 {
			code = append(code,
				asm.LoadMem(asm.R1, regPacket, part.from+i, asm.DWord),
				asm.StoreMem(asm.RFP, to+i, asm.R1, asm.DWord),
			)
		}
	}
	return append(code,
		asm.LoadMem(asm.R1, regPacket, f.udp, asm.Word),
		asm.StoreMem(asm.RFP, stackKey+headerPorts, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, regPacket, f.channel, asm.Half),
		asm.StoreMem(asm.RFP, stackKey+headerChannel, asm.R1, asm.Half),
		asm.StoreImm(asm.RFP, stackKey+headerVersion, int64(onWire(f.version)), asm.Half),
	)
}

// lookup leads to the packet's flow, its time not over. Both maps may recycle what
// it has found at any moment: the slot is right because it says so itself, and
// stays so because slots rest (see slots) for longer than a program runs.
func lookup(f family) asm.Instructions {
	code := join(
		asm.Instructions{mapPointer(asm.R1, mapFlows)},
		stackPointer(asm.R2, stackKey),
		asm.Instructions{
			asm.FnMapLookupElem.Call(),
			asm.JEq.Imm(asm.R0, 0, labelPass),
			asm.LoadMem(asm.R1, asm.R0, flowSlot, asm.Word),
			asm.StoreMem(asm.RFP, stackIndex, asm.R1, asm.Word),
			mapPointer(asm.R1, mapSlots),
		},
		stackPointer(asm.R2, stackIndex),
		asm.Instructions{
			asm.FnMapLookupElem.Call(),
			asm.JEq.Imm(asm.R0, 0, labelPass),
			asm.Mov.Reg(regSlot, asm.R0),
		},
	)
	for i := int16(0); i < headerSize; i += 8 {
		code = append(code,
			asm.LoadMem(asm.R1, asm.RFP, stackKey+i, asm.DWord),
			asm.LoadMem(asm.R2, regSlot, slotReceived+i, asm.DWord),
			asm.JNE.Reg(asm.R1, asm.R2, labelPass),
		)
	}
	return append(code,
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.RFP, stackNow, asm.R0, asm.DWord),
		asm.LoadMem(asm.R1, regSlot, slotUntil, asm.DWord),
		asm.JGE.Reg(asm.R0, asm.R1, "expired"),
	)
}
