package main

import (
	"errors"
	"net"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// passAll puts a program that passes everything on an interface, natively, until
// undo is called: what a native program sends back into a veth pair (XDP_TX) is
// taken up at the other end only if that runs one too. With GRO alone the ring
// between the two fills up and is never emptied (seen with Linux 6.18).
func passAll(name string) (undo func() error, err error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	const pass = 2 // XDP_PASS
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.XDP, License: "MIT",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, pass), asm.Return()},
	})
	if err != nil {
		return nil, err
	}
	attached, err := link.AttachXDP(link.XDPOptions{Program: program, Interface: iface.Index, Flags: link.XDPDriverMode})
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	return func() error { return errors.Join(attached.Close(), program.Close()) }, nil
}
