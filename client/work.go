package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
)

const (
	workKind      = "work"
	workAlgorithm = "SHA-256"
	maxBits       = 24 // a second or two of a core
)

// ErrWork is a challenge that cannot be answered: of another kind or algorithm,
// or harder than any that a daemon should ask for.
var ErrWork = errors.New("client: the challenge cannot be answered")

// Work is the data of a challenge of work.
type Work struct {
	Algorithm string `json:"algorithm"`
	Salt      string `json:"salt"`
	Bits      int    `json:"bits"`
}

// Solve returns the least nonce with which the hash of salt and nonce starts with
// as many zero bits as are asked for. It takes 2^Bits hashes on the average, some
// ten million a second; past 24 bits it returns ErrWork at once. It ends with ctx.
func (w Work) Solve(ctx context.Context) (nonce uint64, err error) {
	if w.Algorithm != workAlgorithm || w.Bits > maxBits {
		return 0, fmt.Errorf("%w: %s, %d bits", ErrWork, w.Algorithm, w.Bits)
	}
	text := []byte(w.Salt)
	for ; ; nonce++ {
		if nonce%1024 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if leadingZeros(sha256.Sum256(strconv.AppendUint(text, nonce, 10))) >= w.Bits {
			return nonce, nil
		}
	}
}

func leadingZeros(hash [sha256.Size]byte) (zeros int) {
	for _, b := range hash {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros
}

// answer answers a challenge, once on each socket, and searches again if there
// was a search that it stopped. Receive's.
func (c *Conn) answer(ctx context.Context, m Message) error {
	switch m.Kind {
	case workKind:
	case ageKind:
		return c.prove(ctx, m)
	default:
		return fmt.Errorf("%w: kind %q", ErrWork, m.Kind)
	}
	var work Work
	if err := json.Unmarshal(m.Data, &work); err != nil {
		return fmt.Errorf("client: challenge: %w", err)
	}
	if work.Salt == c.answered {
		return nil
	}
	nonce, err := work.Solve(ctx)
	if err != nil {
		return err
	}
	c.answered = work.Salt
	var reply answer
	reply.Type, reply.Kind, reply.Data.Salt, reply.Data.Nonce = "answer", workKind, work.Salt, nonce
	if err := c.Send(ctx, reply); err != nil {
		return err
	}
	return c.findAgain(ctx)
}

// findAgain sends the search again that a challenge stopped, if it was not given up.
func (c *Conn) findAgain(ctx context.Context) error {
	c.mu.Lock()
	find := c.find
	c.mu.Unlock()
	if find == nil {
		return nil
	}
	return c.write(ctx, find)
}

// answer is the message.
type answer struct {
	Type string `json:"type"`
	Kind string `json:"kind"`
	Data struct {
		Salt  string `json:"salt"`
		Nonce uint64 `json:"nonce"`
	} `json:"data"`
}

// remember keeps the search that a challenge may stop, until it is answered or
// given up.
func (c *Conn) remember(data []byte) {
	if !bytes.Contains(data, []byte(`"find"`)) && !bytes.Contains(data, []byte(`"leave"`)) {
		return // without reading all of a description
	}
	var m struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(data, &m) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m.Type {
	case "find":
		c.find = data
	case "leave":
		c.find = nil
	}
}

// challenged reports whether a message is of the exchange that Receive does by
// itself.
func challenged(m Message) bool {
	return m.Type == "challenge" || m.Type == "error" && m.Code == "challenge_required"
}
