package xdp

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// Program is what tests run packets through.
func (f *Forwarder) Program() *ebpf.Program { return f.program }

// Reattached tells the program that an interface is attached in another mode.
func (f *Forwarder) Reattached(t testing.TB, index int, mode Mode) {
	t.Helper()
	if err := f.maps.ports.Put(uint32(index), port(mode)); err != nil {
		t.Fatal(err)
	}
}

// InKernel counts the flows that the kernel's map has.
func (f *Forwarder) InKernel(t testing.TB) (n int) {
	t.Helper()
	var key header
	var value [flowSize]byte
	entries := f.maps.flows.Iterate()
	for entries.Next(&key, &value) {
		n++
	}
	if err := entries.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// Mislead makes the kernel's map lead to another flow's slot.
func (f *Forwarder) Mislead(t testing.TB, from, to Flow) {
	t.Helper()
	a, err := from.received()
	if err != nil {
		t.Fatal(err)
	}
	b, err := to.received()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.maps.publish(a, f.flows[b]); err != nil {
		t.Fatal(err)
	}
}

// AttachPass puts a program that passes everything on an interface, natively: veth
// takes XDP's packets from the other end only then.
func AttachPass(t testing.TB, index int) {
	t.Helper()
	program, err := passProgram()
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.AttachXDP(link.XDPOptions{Program: program, Interface: index, Flags: link.XDPDriverMode})
	if err != nil {
		t.Fatalf("attaching the pass program: %v", err)
	}
	t.Cleanup(func() { l.Close(); program.Close() })
}

// Probe returns why this process may not load an XDP program, if it may not.
func Probe() error {
	program, err := passProgram()
	if err != nil {
		return err
	}
	return program.Close()
}

func passProgram() (*ebpf.Program, error) {
	return ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:         ebpf.XDP,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, verdictPass), asm.Return()},
		License:      "MIT",
	})
}
