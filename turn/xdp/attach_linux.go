package xdp

import (
	"errors"
	"fmt"
	"net"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

type attachment struct {
	name string
	mode Mode
	link link.Link
}

// attach puts the program on the interfaces that the options ask for: on all of those
// that they name, or on as many as can of those that are up.
func (f *Forwarder) attach(options Options) error {
	interfaces, err := choose(options.Interfaces)
	if err != nil {
		return err
	}
	var failed []error
	for _, i := range interfaces {
		a, err := attachTo(f.program, i, options.Mode)
		if err == nil {
			f.attached = append(f.attached, a)
			err = f.maps.ports.Put(uint32(i.Index), port(a.mode))
		}
		if err != nil && len(options.Interfaces) > 0 {
			return err
		}
		if err != nil {
			failed = append(failed, err)
			f.notes = append(f.notes, err.Error())
		}
	}
	switch {
	case len(f.attached) > 0:
		return nil
	case len(failed) == 0:
		return fmt.Errorf("%w: no interface is up", ErrUnsupported)
	default:
		return failed[0] // the notes of a Forwarder that there is have them all
	}
}

func port(mode Mode) uint32 {
	if mode == ModeNative {
		return portNative
	}
	return portGeneric
}

func choose(names []string) (list []net.Interface, err error) {
	for _, name := range names {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return nil, fmt.Errorf("%w: interface %q: %w", ErrInvalid, name, err)
		}
		list = append(list, *i)
	}
	if len(names) > 0 {
		return list, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("xdp: listing interfaces: %w", err)
	}
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 {
			list = append(list, i)
		}
	}
	return list, nil
}

func attachTo(program *ebpf.Program, i net.Interface, mode Mode) (attachment, error) {
	if len(i.HardwareAddr) != 6 {
		return attachment{}, fmt.Errorf("%w: interface %s is not Ethernet", ErrUnsupported, i.Name)
	}
	modes := []Mode{ModeNative, ModeGeneric}
	switch mode {
	case ModeNative, ModeGeneric:
		modes = []Mode{mode}
	case ModeAuto, "":
		if driver(i.Name) == "veth" {
			modes = []Mode{ModeGeneric} // see the package's caveats
		}
	default:
		return attachment{}, fmt.Errorf("%w mode %q", ErrInvalid, mode)
	}
	var err error
	for _, m := range modes {
		flags := link.XDPGenericMode
		if m == ModeNative {
			flags = link.XDPDriverMode
		}
		var l link.Link
		if l, err = link.AttachXDP(link.XDPOptions{Program: program, Interface: i.Index, Flags: flags}); err == nil {
			return attachment{name: i.Name, mode: m, link: l}, nil
		}
		if busy(err) {
			break // in the other mode, too
		}
	}
	return attachment{}, attachError(i.Name, err)
}

func busy(err error) bool { return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST) }

func attachError(name string, err error) error {
	switch {
	case busy(err):
		return fmt.Errorf("%w: %s has another XDP program (ip link show %s): %w", ErrBusy, name, name, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: attaching to %s: %w; give the process CAP_NET_ADMIN", ErrPermission, name, err)
	default:
		return fmt.Errorf("%w: attaching to %s: %w; try generic mode, or another interface", ErrUnsupported, name, err)
	}
}

// driver is an interface's, empty if it doesn't say.
func driver(name string) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, name)
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Driver[:])
}
