package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// openInput opens the file of an argument, or standard input for -, and returns its
// name without the directory.
func openInput(cmd *cobra.Command, arg string) (r io.ReadCloser, name string, err error) {
	if arg == "-" {
		return stdin(cmd), "stdin", nil
	}
	file, err := os.Open(arg)
	return file, filepath.Base(arg), err
}

// stdin is standard input, of which a read fails when the command is interrupted.
// One that waits for a terminal or a pipe cannot be called back: it goes on beside,
// until the process ends.
func stdin(cmd *cobra.Command) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, cmd.InOrStdin())
		w.CloseWithError(err)
	}()
	context.AfterFunc(cmd.Context(), func() { w.CloseWithError(context.Cause(cmd.Context())) })
	return r
}
