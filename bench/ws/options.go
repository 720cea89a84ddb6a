package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/bench/command"
)

// options are what the command line says.
type options struct {
	daemon     string
	centrifugo string // empty: none
	only       []string
	sessions   int // real sockets
	steps      int // in which they are made
	loads      int // processes
	chatPairs  int
	callPairs  int
	duration   time.Duration // of chat, and of calls
	settle     time.Duration // before memory is read
	crowd      int           // sessions in memory
	limit      time.Duration
	verbose    bool
}

var sections = []string{"joingyd", "bare", "centrifugo", "crowd"}

// maxPerProcess leaves room below the 20,000 descriptors that a process may open.
const maxPerProcess = 19_000

// parseOptions reads the command line without the program's name.
func parseOptions(args []string, errors io.Writer) (*options, error) {
	o := &options{only: slices.Clone(sections)}
	flags := flag.NewFlagSet("ws", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.StringVar(&o.daemon, "daemon", "bin/joingyd", "the program to measure")
	flags.StringVar(&o.centrifugo, "centrifugo", "", "a Centrifugo v6 to compare with")
	flags.Func("only", "sections (joingyd,bare,centrifugo,crowd)", func(text string) error {
		o.only = strings.Split(text, ",")
		return nil
	})
	flags.IntVar(&o.sessions, "sessions", 15_000, "sessions held over real sockets")
	flags.IntVar(&o.steps, "steps", 3, "steps in which they are made; memory is read at each")
	flags.IntVar(&o.loads, "loads", 3, "load processes")
	flags.IntVar(&o.chatPairs, "chat-pairs", 3000, "pairs that chat")
	flags.IntVar(&o.callPairs, "call-pairs", 2000, "further pairs that exchange SDP, candidates and text")
	flags.DurationVar(&o.duration, "duration", 30*time.Second, "how long they do")
	flags.DurationVar(&o.settle, "settle", 30*time.Second, "rest before memory is read; the daemon pings every 20s")
	flags.IntVar(&o.crowd, "crowd", 100_000, "sessions over connections in memory")
	flags.DurationVar(&o.limit, "limit", 20*time.Minute, "give up after")
	flags.BoolVar(&o.verbose, "v", false, "say what happens")
	if err := command.Parse(flags, args, "a small, short run, to try it", o.short()); err != nil {
		return nil, err
	}
	return o, o.validate()
}

// short makes it a quick run, flag by flag.
func (o *options) short() map[string]func() {
	return map[string]func(){
		"sessions":   func() { o.sessions = 900 },
		"chat-pairs": func() { o.chatPairs = 150 },
		"call-pairs": func() { o.callPairs = 150 },
		"duration":   func() { o.duration = 5 * time.Second },
		"settle":     func() { o.settle = 2 * time.Second },
		"crowd":      func() { o.crowd = 5000 },
		"limit":      func() { o.limit = 2 * time.Minute },
	}
}

func (o *options) validate() error {
	within := func(what string, value, least, most int) error {
		if value < least || value > most {
			return fmt.Errorf("-%s: %d is not in %d…%d", what, value, least, most)
		}
		return nil
	}
	for _, section := range o.only {
		if !slices.Contains(sections, section) {
			return fmt.Errorf("-only: %q is not in %s", section, strings.Join(sections, ","))
		}
	}
	return errors.Join(
		within("sessions", o.sessions, 2, maxPerProcess),
		within("steps", o.steps, 1, 100),
		within("loads", o.loads, 1, 16),
		within("chat-pairs", o.chatPairs, 1, o.sessions/2),
		within("call-pairs", o.callPairs, 1, o.sessions/2-o.chatPairs),
		within("duration", int(o.duration/time.Second), 1, 600),
		within("settle", int(o.settle/time.Second), 0, 600),
		within("crowd", o.crowd/2, 1, 500_000),
	)
}

func (o *options) runs(section string) bool { return slices.Contains(o.only, section) }

// share is how many of n are the business of the i-th load process.
func (o *options) share(n, i int) int { return n*(i+1)/o.loads - n*i/o.loads }
