// Command bench-ban measures the ban store with a million bans: look-ups, bans a
// second that are safe on disk, a list imported, a start; and beside it what the
// same addresses cost in an nftables set. It prints Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/joingyd/joingyd/bench/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	flags := flag.NewFlagSet("bench-ban", flag.ExitOnError)
	b := bench{out: os.Stdout}
	flags.IntVar(&b.bans, "bans", 1_000_000, "bans in the store")
	flags.StringVar(&b.joingyd, "joingyd", "bin/joingyd", "the daemon's `program`")
	flags.StringVar(&b.dir, "dir", "", "`directory` for the store, on the disk that is to be measured (default: a temporary one)")
	err := command.Parse(flags, os.Args[1:], "100,000 bans: for trying", map[string]func(){"bans": func() { b.bans = 100_000 }})
	if err == nil {
		err = b.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-ban:", err)
		os.Exit(1)
	}
}

type bench struct {
	out     io.Writer
	bans    int
	joingyd string
	dir     string
}

func (b *bench) run(ctx context.Context) error {
	dir, err := os.MkdirTemp(b.dir, "bench-ban-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	list := filepath.Join(dir, "list.txt")
	if err := writeList(list, b.bans); err != nil {
		return err
	}
	for _, measure := range []func(context.Context, string) error{b.whole, b.lookUps, b.durable, b.sets} {
		if err := measure(ctx, list); err != nil {
			return err
		}
		fmt.Fprintln(b.out)
	}
	return nil
}
