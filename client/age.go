package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const ageKind = "age"

// AgeError says that the site wants a proof of age before a search, and holds what a
// client needs to get one: see docs/protocol.md.
type AgeError struct {
	URL     string    `json:"url"`     // of the checker, for the user to visit
	State   string    `json:"state"`   // that the user must come back with
	Nonce   string    `json:"nonce"`   // secret, for the redemption
	Expires time.Time `json:"expires"` // of the state
}

// Error names the address to visit, and not the nonce.
func (e *AgeError) Error() string {
	return fmt.Sprintf("client: the site wants a proof of age; get one at %s", e.URL)
}

// prove answers a challenge of age, once on each socket. Receive's.
func (c *Conn) prove(ctx context.Context, m Message) error {
	wanted := new(AgeError)
	if err := json.Unmarshal(m.Data, wanted); err != nil {
		return fmt.Errorf("client: challenge: %w", err)
	}
	if c.opts.Pass == "" || c.shown {
		return wanted
	}
	c.shown = true
	if err := c.Send(ctx, map[string]any{"type": "answer", "kind": ageKind, "data": map[string]string{"pass": c.opts.Pass}}); err != nil {
		return err
	}
	return c.findAgain(ctx)
}
