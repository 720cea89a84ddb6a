package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/joingyd/joingyd/bench/command"
)

// question is what the benchmark asks a child, one JSON object a line.
type question struct {
	// Ask is join, match, allocate, chat or call of a load process, memory of a bare
	// server, run of a crowd.
	Ask string `json:"ask"`
	// N (join) is how many more sessions to make; (match) how many pairs of such
	// that had no partner yet.
	N int `json:"n,omitempty"`
	// Mode (match) is video or text.
	Mode string `json:"mode,omitempty"`
	// For (chat, call) is how long.
	For time.Duration `json:"for,omitempty"`
}

// answer is what it says. The first one comes unasked, when it is ready.
type answer struct {
	Error string `json:"error,omitempty"`
	Addr  string `json:"addr,omitempty"` // where a bare server listens

	Took    time.Duration              `json:"took,omitempty"`
	Samples map[string][]time.Duration `json:"samples,omitempty"` // how long things took, by what
	Sent    int                        `json:"sent,omitempty"`    // messages (chat, call)
	Memory  *memory                    `json:"memory,omitempty"`
	Crowd   *crowdFigures              `json:"crowd,omitempty"`
}

// childServer is what a child does.
type childServer interface {
	answer(ctx context.Context, q question) (answer, error)
	close()
}

// startPart starts the named part and returns its first answer.
func startPart(name string, args []string) (childServer, answer, error) {
	switch {
	case name == "load" && len(args) == 2:
		first, err := strconv.Atoi(args[1])
		return newLoad(args[0], first), answer{}, err
	case name == "centrifugo-load" && len(args) == 2:
		first, err := strconv.Atoi(args[1])
		return newCentrifugoLoad(args[0], first), answer{}, err
	case name == "bare" && len(args) == 0:
		b, err := newBare()
		if err != nil {
			return nil, answer{}, err
		}
		return b, answer{Addr: b.addr()}, nil
	case name == "crowd" && len(args) == 0:
		return crowdChild{}, answer{}, nil
	}
	return nil, answer{}, errors.New("usage: ws child load URL FIRST | centrifugo-load URL FIRST | bare | crowd")
}

// childMain is the whole of a child process: it starts its part and answers until
// in ends.
func childMain(name string, args []string, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	part, ready, err := startPart(name, args)
	if err != nil {
		return err
	}
	defer part.close()
	if err := answers.Encode(ready); err != nil {
		return err
	}
	return command.Answer(in, out, func(q question) answer {
		a, err := part.answer(context.Background(), q)
		if err != nil {
			a.Error = fmt.Sprintf("%s: %s: %v", name, q.Ask, err)
		}
		return a
	})
}
