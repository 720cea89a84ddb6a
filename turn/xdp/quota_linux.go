package xdp

import "github.com/cilium/ebpf/asm"

// A meter is a token bucket in one number: the moment at which it will be full
// again. Each packet puts that off by the time in which its bytes come in at the
// bucket's rate; a moment more than burst away means that the bucket is overdrawn.
// Moments count units of a sixteenth of a nanosecond, for the sake of high rates.
const (
	unitsPerSecond = 16_000_000_000
	burst          = unitsPerSecond // one second's worth
	unitShift      = 4
)

// quota goes on if both the flow's meter and the total one have tokens.
func (f family) quota(totalRate uint64) asm.Instructions {
	code := join(
		asm.Instructions{
			asm.LoadMem(asm.R1, regSlot, slotRate, asm.DWord),
			asm.JEq.Imm(asm.R1, 0, f.label("total")),
			asm.Mov.Reg(asm.R5, regSlot),
			asm.Add.Imm(asm.R5, slotMeter),
		},
		f.charge("flow"),
		label(f.label("total"), asm.Mov.Imm(asm.R0, 0)),
	)
	if totalRate == 0 {
		return code
	}
	return join(code,
		asm.Instructions{
			asm.LoadImm(asm.R1, int64(totalRate), asm.DWord),
			asm.LoadMapValue(asm.R5, 0, 0).WithReference(mapTotal),
		},
		f.charge("all"),
	)
}

// charge takes the packet's bytes from the meter at R5, of the rate in R1, and goes
// on, or gives them back and leads to the packet's end. CPUs may do so at the same
// time: no bytes are lost, at worst a packet is dropped for one that then was too.
func (f family) charge(name string) asm.Instructions {
	full := f.label("full_" + name)
	paid := f.label("paid_" + name)
	return join(
		asm.Instructions{
			// R3: the price.
			asm.LoadMem(asm.R3, asm.RFP, stackSize, asm.DWord),
			asm.LoadImm(asm.R2, unitsPerSecond, asm.DWord),
			asm.Mul.Reg(asm.R3, asm.R2),
			asm.Div.Reg(asm.R3, asm.R1),
			// R4: now.
			asm.LoadMem(asm.R4, asm.RFP, stackNow, asm.DWord),
			asm.LSh.Imm(asm.R4, unitShift),
			// A bucket holds no more than when it is full.
			asm.LoadMem(asm.R0, asm.R5, 0, asm.DWord),
			asm.JGE.Reg(asm.R0, asm.R4, full),
			atomically(asm.CmpXchg, asm.R5, asm.R4),
		},
		label(full, asm.Mov.Reg(asm.R1, asm.R3)),
		asm.Instructions{
			atomically(asm.FetchAdd, asm.R5, asm.R1),
			asm.Add.Reg(asm.R1, asm.R3),
			asm.Sub.Reg(asm.R1, asm.R4),
			asm.LoadImm(asm.R2, burst, asm.DWord),
			asm.JSLE.Reg(asm.R1, asm.R2, paid),
			asm.Neg.Imm(asm.R3, 0),
			asm.StoreXAdd(asm.R5, asm.R3, asm.DWord),
			asm.Ja.Label(labelOver),
		},
		label(paid, asm.Mov.Imm(asm.R0, 0)),
	)
}

// atomically is op.Mem on 8 bytes. cilium/ebpf v0.22.0 marshals the operation of
// an atomic instruction from Constant, which op.Mem leaves at 0, a plain addition.
func atomically(op asm.AtomicOp, address, value asm.Register) asm.Instruction {
	instruction := op.Mem(address, value, asm.DWord, 0)
	instruction.Constant = int64(op >> 8)
	return instruction
}
