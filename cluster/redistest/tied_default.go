//go:build !linux

package redistest

import "os/exec"

// startTied starts a process. Elsewhere than on Linux it outlives a test that is killed.
func startTied(cmd *exec.Cmd) error { return cmd.Start() }
