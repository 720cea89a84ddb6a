package doctor

import (
	"io/fs"
	"os"
)

// Machine is what a process may use of its machine. Zero: unknown.
type Machine struct {
	Kernel string // its name and version

	Descriptors, DescriptorsUsed uint64
	SocketBuffer                 uint64 // bytes that a socket may have, at most
	MemoryLimit, MemoryUsed      uint64 // bytes: of the control group; of the process
	DiskFree, DiskSize           uint64 // bytes, where the data directory is
	ClockUnsynchronized          bool

	DataDirMode    fs.FileMode // permissions
	DataDirForeign bool        // belongs to another user than the process's, which is not root
}

// Look returns what this process may use, with its data in dir.
func Look(dir string) Machine {
	m := look(dir)
	if info, err := os.Stat(dir); err == nil {
		m.DataDirMode = info.Mode().Perm()
	}
	return m
}
