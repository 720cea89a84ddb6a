package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hardwareAddr reads it with an ioctl: /sys shows the namespace of whoever
// mounted it.
func hardwareAddr(link string) (string, error) {
	var request struct {
		name   [unix.IFNAMSIZ]byte
		family uint16
		addr   [22]byte
	}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	if err := linkIoctl(unix.SIOCGIFHWADDR, unsafe.Pointer(&request)); err != nil {
		return "", fmt.Errorf("address of %s: %w", link, err)
	}
	a := request.addr
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]), nil
}

const (
	ethtoolSetTXChecksum = 0x17 // ETHTOOL_STXCSUM
	ethtoolSetGRO        = 0x2c // ETHTOOL_SGRO
)

// ethtool sets one feature of a link, as `ethtool -K` does.
func ethtool(link string, command, value uint32) error {
	data := [2]uint32{command, value}
	var request struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	request.data = unsafe.Pointer(&data)
	if err := linkIoctl(unix.SIOCETHTOOL, unsafe.Pointer(&request)); err != nil {
		return fmt.Errorf("ethtool %#x of %s: %w", command, link, err)
	}
	return nil
}

func linkIoctl(command uintptr, request unsafe.Pointer) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), command, uintptr(request)); errno != 0 {
		return errno
	}
	return nil
}
