package classify

import (
	"fmt"
	"time"
)

// kind of what went wrong with a call, as Stats counts it.
type kind int

const (
	dropped kind = iota
	rested
	noConnection
	timedOut
	wrongStatus
	badAnswer
	refusedImage
	cancelled
)

// fault is what went wrong with a call or a try.
type fault struct {
	kind  kind
	err   error
	again bool          // whether another try may help
	after time.Duration // and when
}

// notBelieved is the fault of an answer that breaks the contract.
func notBelieved(err error) *fault {
	return &fault{kind: badAnswer, err: fmt.Errorf("%w: %w", ErrBadAnswer, err)}
}

func resting() *fault { return &fault{kind: rested, err: ErrResting} }
