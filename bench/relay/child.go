package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime/debug"

	"github.com/joingyd/joingyd/bench/command"
)

// question is what the benchmark asks a child, one JSON object a line.
type question struct {
	// Ask is "sessions", "part", "stats" or "settle".
	Ask string `json:"ask"`
	// Sources (sessions) are the addresses of new visitors; the 2k-th and the
	// one after it are paired.
	Sources []netip.Addr `json:"sources,omitempty"`
	// Pair (part) is which pair ends, counted from 0 in the order of sessions.
	Pair int `json:"pair,omitempty"`
}

// answer is what it says. The first one comes unasked, when it listens.
type answer struct {
	Error       string            `json:"error,omitempty"`
	Note        string            `json:"note,omitempty"` // for the report, with the first answer
	Credentials []credential      `json:"credentials,omitempty"`
	Stats       map[string]uint64 `json:"stats,omitempty"`
}

// credential is one visitor's TURN username and password.
type credential struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// childServer is a server that runs in a child.
type childServer interface {
	// sessions makes a visitor known for each source, pairs neighbours, and
	// returns their credentials.
	sessions(sources []netip.Addr) ([]credential, error)
	// part ends a pair.
	part(pair int) error
	// stats are counts since the start.
	stats() map[string]uint64
}

// startChildServer starts the named server on listen. The note says what a
// reader of the figures must know.
func startChildServer(name string, listen netip.AddrPort, offload string) (server childServer, note string, err error) {
	switch name {
	case "pion":
		server, err = startPion(listen)
	case "joingyd":
		server, note, err = startJoingyd(listen, offload)
	case "echo":
		server, err = startEcho(listen)
	default:
		err = fmt.Errorf("no such server")
	}
	return server, note, err
}

// child is the whole of a child process: it starts its server and answers until
// in ends.
func child(name, listen, offload string, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	addr, err := netip.ParseAddrPort(listen)
	if err != nil {
		return err
	}
	server, note, err := startChildServer(name, addr, offload)
	if err != nil {
		err = fmt.Errorf("%s on %s: %w", name, listen, err)
		answers.Encode(answer{Error: err.Error()})
		return err
	}
	if err := answers.Encode(answer{Note: note}); err != nil {
		return err
	}
	return command.Answer(in, out, func(q question) answer { return reply(server, q) })
}

func reply(server childServer, q question) (a answer) {
	var err error
	switch q.Ask {
	case "sessions":
		a.Credentials, err = server.sessions(q.Sources)
	case "part":
		err = server.part(q.Pair)
	case "stats":
		a.Stats = server.stats()
	case "settle": // what talking to the benchmark left behind is not the server's memory
		debug.FreeOSMemory()
	default:
		err = fmt.Errorf("no such question: %q", q.Ask)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// childMain is main in a child: `relay child NAME LISTEN OFFLOAD`.
func childMain(args []string) {
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: relay child NAME LISTEN OFFLOAD")
		os.Exit(2)
	}
	if err := child(args[0], args[1], args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
