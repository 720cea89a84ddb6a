package doctor

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// stateUnsynchronized is TIME_ERROR of adjtimex(2): the clock is not synchronized.
const stateUnsynchronized = 5

const unlimited = 1 << 62

func look(dir string) Machine {
	m := Machine{ClockUnsynchronized: !ClockSynchronized(), SocketBuffer: number("/proc/sys/net/core/rmem_max")}
	if os.Geteuid() == 0 {
		m.SocketBuffer = unlimited // SO_RCVBUFFORCE
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		m.Kernel = unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		m.Descriptors = limit.Cur
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		m.DescriptorsUsed = uint64(len(open))
	}
	m.DiskFree, m.DiskSize = Disk(dir)
	m.MemoryLimit, m.MemoryUsed = MemoryLimit(), Resident()
	var stat unix.Stat_t
	if uid := os.Geteuid(); uid != 0 && unix.Stat(dir, &stat) == nil {
		m.DataDirForeign = int(stat.Uid) != uid
	}
	return m
}

// Disk returns the room on the file system with dir, free for this process and in all.
func Disk(dir string) (free, size uint64) {
	var fs unix.Statfs_t
	if unix.Statfs(dir, &fs) != nil {
		return 0, 0
	}
	return fs.Bavail * uint64(fs.Bsize), fs.Blocks * uint64(fs.Bsize)
}

// ClockSynchronized reports whether the kernel says that the clock is synchronized.
func ClockSynchronized() bool {
	var clock unix.Timex // no modes: only read
	state, err := unix.Adjtimex(&clock)
	return err != nil || state != stateUnsynchronized
}

// Resident returns the bytes of the process that are in memory.
func Resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize())
}

// MemoryLimit returns the least limit of the control groups that the process is in, of
// version 1 or 2; 0: there is none.
func MemoryLimit() (least uint64) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		part := strings.SplitN(lines.Text(), ":", 3)
		if len(part) != 3 {
			continue
		}
		root, file := "", ""
		switch {
		case part[1] == "":
			root, file = "/sys/fs/cgroup", "memory.max"
		case part[1] == "memory":
			root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for group := filepath.Clean(part[2]); ; group = filepath.Dir(group) {
			limit := number(filepath.Join(root, group, file))
			if limit > 0 && limit < 1<<60 && (least == 0 || limit < least) { // version 1 has a very large one for none
				least = limit
			}
			if group == "/" || group == "." {
				break
			}
		}
	}
	return least
}

func number(path string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64) // "max" is 0
	return n
}
