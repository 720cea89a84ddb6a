package doctor

import (
	"io/fs"
	"os"
)

// Machine is what a process may use of its machine. Zero: unknown.
type Machine struct {
	Kernel string `json:"kernel"` // its name and version

	Descriptors         uint64 `json:"descriptors"` // that there may be
	DescriptorsUsed     uint64 `json:"descriptors_used"`
	SocketBuffer        uint64 `json:"socket_buffer"` // bytes that a socket may have, at most
	MemoryLimit         uint64 `json:"memory_limit"`  // bytes, of the control group
	MemoryUsed          uint64 `json:"memory_used"`   // bytes, of the process
	DiskFree            uint64 `json:"disk_free"`     // bytes, where the data directory is
	DiskSize            uint64 `json:"disk_size"`
	ClockUnsynchronized bool   `json:"clock_unsynchronized"`

	DataDirMode    fs.FileMode `json:"data_dir_mode"`    // permissions
	DataDirForeign bool        `json:"data_dir_foreign"` // belongs to another user than the process's, which is not root
}

// Look returns what this process may use, with its data in dir.
func Look(dir string) Machine {
	m := look(dir)
	if info, err := os.Stat(dir); err == nil {
		m.DataDirMode = info.Mode().Perm()
	}
	return m
}
