package xdp

import (
	"encoding/binary"

	"github.com/cilium/ebpf/asm"
)

// Sums are one's complement sums of 16-bit words as this CPU loads them, which is
// right in either byte order (RFC 1071 section 2).

// verifyChecksums goes on with packets whose checksums are right, or that have none
// (UDP over IPv4). A checksum that is left to a network card, or to nobody because
// the packet never leaves the machine, covers the pseudo header only and is wrong.
func (f family) verifyChecksums() asm.Instructions {
	code := asm.Instructions{asm.LoadMem(asm.R1, regPacket, f.udp+6, asm.Half)}
	if f.is4() {
		code = join(addWords(sizeEthernet, sizeIPv4Header), fold(asm.R1), asm.Instructions{
			asm.JNE.Imm(asm.R1, 0xffff, "checksum"),
		}, code, asm.Instructions{asm.JEq.Imm(asm.R1, 0, f.label("verified"))})
	} else {
		code = append(code, asm.JEq.Imm(asm.R1, 0, "checksum"))
	}
	code = append(code, store8(stackSum, 0))
	for bit := int16(1024); bit >= 4; bit /= 2 {
		code = join(code, f.sumBlock(bit))
	}
	return join(code, f.sumRest(),
		fold(asm.R1),
		asm.Instructions{asm.JNE.Imm(asm.R1, 0xffff, "checksum")},
		label(f.label("verified"), asm.Mov.Imm(asm.R0, 0)),
	)
}

// addWords leaves the sum of some of the packet in R1, unfolded.
func addWords(from, n int16) asm.Instructions {
	code := asm.Instructions{asm.Mov.Imm(asm.R1, 0)}
	for i := from; i < from+n; i += 4 {
		code = append(code, asm.LoadMem(asm.R2, regPacket, i, asm.Word), asm.Add.Reg(asm.R1, asm.R2))
	}
	return code
}

// sumBlock adds a part of the datagram, of as many bytes as the bit counts, if that
// bit is set in the length: those above it come first, those below it follow. A
// pointer's reach must be known when the program is loaded, hence no loop, and
// kernels before 6.13 sum up 512 bytes at most.
func (f family) sumBlock(bit int16) asm.Instructions {
	chunk := min(bit, 512)
	next := f.label("sum_" + string(rune('a'+shift(bit))))
	code := asm.Instructions{asm.JSet.Imm(regLength, int32(bit), next+"_add"), asm.Ja.Label(next)}
	for at := int16(0); at < bit; at += chunk {
		part := asm.Instructions{
			asm.Mov.Reg(asm.R1, regLength),
			asm.And.Imm(asm.R1, 0x7ff&^int32(2*bit-1)),
			asm.Mov.Reg(asm.R3, regPacket),
			asm.Add.Imm(asm.R3, int32(f.udp+at)),
			asm.Add.Reg(asm.R3, asm.R1),
			// Never true, for the verifier.
			asm.Mov.Reg(asm.R1, asm.R3),
			asm.Add.Imm(asm.R1, int32(chunk)),
			asm.LoadMem(asm.R2, regContext, contextDataEnd, asm.Word),
			asm.JGT.Reg(asm.R1, asm.R2, labelPass),

			asm.Mov.Imm(asm.R1, 0),
			asm.Mov.Imm(asm.R2, 0),
			asm.Mov.Imm(asm.R4, int32(chunk)),
			asm.LoadMem(asm.R5, asm.RFP, stackSum, asm.DWord),
			asm.FnCsumDiff.Call(),
			asm.StoreMem(asm.RFP, stackSum, asm.R0, asm.DWord),
		}
		if at == 0 {
			part = label(next+"_add", part...)
		}
		code = join(code, part)
	}
	return join(code, label(next, asm.Mov.Imm(asm.R0, 0)))
}

// shift is the number of a bit.
func shift(bit int16) (n int) {
	for ; bit > 1; bit /= 2 {
		n++
	}
	return n
}

// sumRest leaves in R1 the sum so far, the last 0-3 bytes and the pseudo header
// (RFC 768; RFC 8200 section 8.1).
func (f family) sumRest() asm.Instructions {
	return join(
		addWords(f.source, 2*f.address),
		asm.Instructions{
			asm.LoadMem(asm.R2, asm.RFP, stackSum, asm.DWord),
			asm.Mov.Reg32(asm.R2, asm.R2), // 32 bits of result
			asm.Add.Reg(asm.R1, asm.R2),
			asm.LoadMem(asm.R2, regPacket, f.udp+4, asm.Half),
			asm.Add.Reg(asm.R1, asm.R2),
			asm.Add.Imm(asm.R1, onWire(protocolUDP)),
			asm.JSet.Imm(regLength, 2, f.label("add2")),
			asm.Ja.Label(f.label("added2")),
		},
		label(f.label("add2"), f.rest(2, ^3)...),
		label(f.label("added2"),
			asm.JSet.Imm(regLength, 1, f.label("add1")),
			asm.Ja.Label(f.label("added1"))),
		label(f.label("add1"), f.rest(1, ^1)...),
		label(f.label("added1"), asm.Mov.Imm(asm.R0, 0)),
	)
}

// rest adds n bytes, 2 or 1, to R1; mask clears those bits of the length that come
// after them.
func (f family) rest(n int16, mask int32) asm.Instructions {
	size := asm.Half
	if n == 1 {
		size = asm.Byte
	}
	code := asm.Instructions{
		asm.Mov.Reg(asm.R3, regLength),
		asm.And.Imm(asm.R3, 0x7ff&mask),
		asm.Mov.Reg(asm.R4, regPacket),
		asm.Add.Imm(asm.R4, int32(f.udp)),
		asm.Add.Reg(asm.R4, asm.R3),
		// Never true, for the verifier.
		asm.Mov.Reg(asm.R5, asm.R4),
		asm.Add.Imm(asm.R5, int32(n)),
		asm.LoadMem(asm.R2, regContext, contextDataEnd, asm.Word),
		asm.JGT.Reg(asm.R5, asm.R2, labelPass),
		asm.LoadMem(asm.R2, asm.R4, 0, size),
	}
	if n == 1 && binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		// An odd byte is the first one of its word.
		code = append(code, asm.LSh.Imm(asm.R2, 8))
	}
	return append(code, asm.Add.Reg(asm.R1, asm.R2))
}

// fold makes 16 bits of a sum of 64, with R2's help.
func fold(sum asm.Register) asm.Instructions {
	code := asm.Instructions{
		asm.Mov.Reg(asm.R2, sum),
		asm.RSh.Imm(asm.R2, 32),
		asm.Mov.Reg32(sum, sum),
		asm.Add.Reg(sum, asm.R2),
	}
	for range 3 { // what is left has 33 bits, 18, 17, 16
		code = append(code,
			asm.Mov.Reg(asm.R2, sum),
			asm.RSh.Imm(asm.R2, 16),
			asm.And.Imm(sum, 0xffff),
			asm.Add.Reg(sum, asm.R2),
		)
	}
	return code
}
