//go:build !linux

package redistest

import "os/exec"

// StartTied starts a process. Elsewhere than on Linux it outlives a test that is killed.
func StartTied(cmd *exec.Cmd) error { return cmd.Start() }
