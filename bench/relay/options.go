package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/joingyd/joingyd/bench/command"
)

// options are what the command line says.
type options struct {
	servers    []string
	rates      []int // packets a second, all pairs and both ways together
	sizes      []int // bytes of application data
	pairs      []int
	duration   time.Duration
	rounds     int
	only       []string
	clientGRO  string
	allocs     []int // for memory
	most       int   // for joingyd's memory
	setups     int
	xdp        bool
	offload    string
	port       int
	serverCore int
	loadCore   int
	nice       int
	verbose    bool
}

var sections = []string{"cells", "ceiling", "memory", "setup"}

// parseOptions reads the command line without the program's name.
func parseOptions(args []string, errors io.Writer) (*options, error) {
	o := &options{
		servers: []string{"coturn", "pion", "joingyd"},
		rates:   []int{20_000, 60_000, 150_000}, sizes: []int{160, 1000}, pairs: []int{50, 2000},
		only: slices.Clone(sections), allocs: []int{1000, 8000},
	}
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.Func("servers", "which, in turn (coturn,pion,joingyd)", list(&o.servers))
	flags.Func("rates", "packets a second (20000,60000,150000)", numbers(&o.rates))
	flags.Func("sizes", "bytes of application data (160,1000)", numbers(&o.sizes))
	flags.Func("pairs", "pairs (50,2000)", numbers(&o.pairs))
	flags.Func("only", "sections (cells,ceiling,memory,setup)", list(&o.only))
	flags.Func("allocations", "allocations for memory (1000,8000)", numbers(&o.allocs))
	flags.IntVar(&o.most, "most", 100_000, "allocations for joingyd's memory alone; 0: none")
	flags.IntVar(&o.setups, "setups", 3000, "allocations for CPU per set-up")
	flags.DurationVar(&o.duration, "duration", 800*time.Millisecond, "how long each measurement takes")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds through the servers; medians are quoted")
	flags.StringVar(&o.clientGRO, "client-gro", "both", "UDP_GRO on the clients' socket for bursts: on, off or both; evenly spaced packets run without")
	flags.BoolVar(&o.xdp, "xdp", false, "measure over veth between network namespaces, joingyd with and without -offload; coturn for comparison")
	flags.StringVar(&o.offload, "offload", "xdp", "with -xdp: how joingyd attaches to its interface: native, generic or xdp, which chooses")
	flags.IntVar(&o.port, "port", 17400, "UDP port of the clients; servers and sinks use the next two")
	flags.IntVar(&o.serverCore, "server-core", 0, "core of the server")
	flags.IntVar(&o.loadCore, "load-core", 1, "core of the load generator")
	flags.IntVar(&o.nice, "nice", -20, "priority of the benchmark and its servers while it runs; 0: like everything else")
	flags.BoolVar(&o.verbose, "v", false, "say what happens")
	if err := command.Parse(flags, args, "one short round with few cells, to try it", o.short()); err != nil {
		return nil, err
	}
	return o, o.validate()
}

// short makes it a quick run, flag by flag.
func (o *options) short() map[string]func() {
	return map[string]func(){
		"rates":       func() { o.rates = []int{60_000} },
		"sizes":       func() { o.sizes = []int{1000} },
		"pairs":       func() { o.pairs = []int{50} },
		"duration":    func() { o.duration = 300 * time.Millisecond },
		"rounds":      func() { o.rounds = 1 },
		"allocations": func() { o.allocs = []int{1000} },
		"most":        func() { o.most = 10_000 },
		"setups":      func() { o.setups = 1000 },
	}
}

// maxPairs is how many pairs have channel numbers of their own.
const maxPairs = (0x4fff - 0x4000 + 1) / 2

func (o *options) validate() error {
	within := func(what string, values []int, least, most int) error {
		for _, v := range values {
			if v < least || v > most {
				return fmt.Errorf("-%s: %d is not in %d…%d", what, v, least, most)
			}
		}
		return nil
	}
	among := func(what string, values, known []string) error {
		for _, v := range values {
			if !slices.Contains(known, v) {
				return fmt.Errorf("-%s: %q is not in %s", what, v, strings.Join(known, ","))
			}
		}
		return nil
	}
	return errors.Join(
		among("servers", o.servers, []string{"coturn", "pion", "joingyd"}),
		among("only", o.only, sections),
		among("client-gro", []string{o.clientGRO}, []string{"on", "off", "both"}),
		within("rates", o.rates, 10, 2_000_000),
		within("sizes", o.sizes, minPayload, 1400),
		within("pairs", o.pairs, 1, maxPairs),
		within("rounds", []int{o.rounds}, 1, 99),
		within("allocations", o.allocs, 2, 8000), // real relay sockets: a process may open 20,000 descriptors
		within("most", []int{o.most}, 0, 200_000),
		within("setups", []int{o.setups}, 1, 8000),
		within("nice", []int{o.nice}, -20, 19),
		within("port", []int{o.port}, 1024, 19_000), // relay sockets have 20000 and above
	)
}

func (o *options) runs(section string) bool { return slices.Contains(o.only, section) }

// largest is the size that searches run with.
func (o *options) largest() int { return slices.Max(o.sizes) }

// burstGRO lists the settings that bursts run with.
func (o *options) burstGRO() []bool {
	switch o.clientGRO {
	case "on":
		return []bool{true}
	case "off":
		return []bool{false}
	}
	return []bool{false, true}
}

func list(into *[]string) func(string) error {
	return func(text string) error {
		*into = strings.Split(text, ",")
		return nil
	}
}

func numbers(into *[]int) func(string) error {
	return func(text string) error {
		*into = nil
		for _, part := range strings.Split(text, ",") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return err
			}
			*into = append(*into, n)
		}
		return nil
	}
}
