package command

import (
	"encoding/json"
	"errors"
	"io"
)

// Answer reads questions, JSON one after the other, and writes the reply to each,
// until in ends.
func Answer[Q, A any](in io.Reader, out io.Writer, reply func(Q) A) error {
	answers := json.NewEncoder(out)
	for questions := json.NewDecoder(in); ; {
		var q Q
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(reply(q)); err != nil {
			return err
		}
	}
}
