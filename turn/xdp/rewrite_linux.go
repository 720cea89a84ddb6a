package xdp

import "github.com/cilium/ebpf/asm"

// rewrite makes the packet the one that is sent. Nothing may refuse it any more.
func (f family) rewrite() asm.Instructions {
	code := f.rewriteUDPChecksum()
	if f.is4() {
		code = join(code, f.rewriteIPv4Checksum())
	}
	return join(code,
		rewriteEthernet(),
		asm.Instructions{
			asm.Mov.Imm(asm.R1, forwardedTTL),
			asm.StoreMem(regPacket, f.ttl, asm.R1, asm.Byte),
		},
		f.copyAddress(regPacket, f.source, headerSource),
		f.copyAddress(regPacket, f.destination, headerDestination),
		asm.Instructions{
			asm.LoadMem(asm.R1, regSlot, slotSent+headerPorts, asm.Word),
			asm.StoreMem(regPacket, f.udp, asm.R1, asm.Word),
			asm.LoadMem(asm.R1, regSlot, slotSent+headerChannel, asm.Half),
			asm.StoreMem(regPacket, f.channel, asm.R1, asm.Half),
		},
	)
}

// rewriteUDPChecksum updates it (RFC 1624) by what is known of the flow beforehand.
func (f family) rewriteUDPChecksum() asm.Instructions {
	return join(
		asm.Instructions{
			asm.LoadMem(asm.R1, regPacket, f.udp+6, asm.Half),
			asm.JEq.Imm(asm.R1, 0, f.label("no_checksum")), // IPv4 only
			asm.Xor.Imm(asm.R1, 0xffff),
			asm.LoadMem(asm.R2, regSlot, slotUDPDelta, asm.Half),
			asm.Add.Reg(asm.R1, asm.R2),
		},
		fold(asm.R1),
		asm.Instructions{
			asm.Xor.Imm(asm.R1, 0xffff),
			asm.JNE.Imm(asm.R1, 0, f.label("store_checksum")),
			asm.Mov.Imm(asm.R1, 0xffff), // 0 would mean that there is none
		},
		label(f.label("store_checksum"), asm.StoreMem(regPacket, f.udp+6, asm.R1, asm.Half)),
		label(f.label("no_checksum"), asm.Mov.Imm(asm.R0, 0)),
	)
}

// rewriteIPv4Checksum does the same, with the TTL's word before it is rewritten.
func (f family) rewriteIPv4Checksum() asm.Instructions {
	return join(
		asm.Instructions{
			asm.LoadMem(asm.R1, regPacket, sizeEthernet+10, asm.Half),
			asm.Xor.Imm(asm.R1, 0xffff),
			asm.LoadMem(asm.R2, regSlot, slotIPDelta, asm.Half),
			asm.Add.Reg(asm.R1, asm.R2),
			asm.LoadMem(asm.R2, regPacket, f.ttl, asm.Half),
			asm.Xor.Imm(asm.R2, 0xffff),
			asm.Add.Reg(asm.R1, asm.R2),
			asm.Add.Imm(asm.R1, onWire(forwardedTTL<<8|protocolUDP)),
		},
		fold(asm.R1),
		asm.Instructions{
			asm.Xor.Imm(asm.R1, 0xffff),
			asm.StoreMem(regPacket, sizeEthernet+10, asm.R1, asm.Half),
		},
	)
}

// rewriteEthernet takes both addresses from route's answer.
func rewriteEthernet() asm.Instructions {
	var code asm.Instructions
	for _, part := range []struct {
		from, to int16
		size     asm.Size
	}{
		{fibTargetMAC, 0, asm.Half}, {fibTargetMAC + 2, 2, asm.Word},
		{fibSourceMAC, 6, asm.Word}, {fibSourceMAC + 4, 10, asm.Half},
	} {
		code = append(code,
			asm.LoadMem(asm.R1, asm.RFP, stackFIB+part.from, part.size),
			asm.StoreMem(regPacket, part.to, asm.R1, part.size),
		)
	}
	return code
}

// transmit counts the packet and sends it.
func transmit() asm.Instructions {
	add := func(field int32, value asm.Instruction) asm.Instructions {
		return asm.Instructions{
			value,
			asm.Mov.Reg(asm.R2, regSlot),
			asm.Add.Imm(asm.R2, field),
			asm.StoreXAdd(asm.R2, asm.R1, asm.DWord),
		}
	}
	code := join(
		add(slotPackets, asm.Mov.Imm(asm.R1, 1)),
		add(slotBytes, asm.LoadMem(asm.R1, asm.RFP, stackSize, asm.DWord)),
		asm.Instructions{
			asm.LoadMem(asm.R1, asm.RFP, stackNow, asm.DWord),
			asm.StoreMem(regSlot, slotLast, asm.R1, asm.DWord),
		},
		count("forwarded", countForwarded),
		asm.Instructions{
			asm.LoadMem(asm.R0, asm.RFP, stackVerdict, asm.DWord),
			asm.JEq.Imm(asm.R0, verdictTX, "sent"),
			asm.LoadMem(asm.R1, asm.RFP, stackFIB+fibInterface, asm.Word),
			asm.Mov.Imm(asm.R2, 0),
			asm.FnRedirect.Call(),
		},
		label("sent", asm.Return()),
	)
	return label(labelTransmit, code...)
}
