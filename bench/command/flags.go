// Package command is what the benchmarks' programs have in common: how they read
// their command line, and how their children answer them.
package command

import (
	"flag"
	"fmt"
)

// Parse parses a command line of flags alone. Where it has -quick, which Parse adds, the
// functions of short are called for the flags by their names that it does not give.
func Parse(flags *flag.FlagSet, args []string, quickUsage string, short map[string]func()) error {
	quick := flags.Bool("quick", false, quickUsage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if !*quick {
		return nil
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, set := range short {
		if !given[name] {
			set()
		}
	}
	return nil
}
