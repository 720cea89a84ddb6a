package classify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Description is what a classifier says of itself.
type Description struct {
	Model  string   `json:"model"`
	Labels []string `json:"labels"` // that its verdicts may have, 1 to 32
	// Ages is whether a label tells of age. Where it is false, no page of the site
	// may claim that minors are detected.
	Ages bool `json:"ages"`
}

// Model asks the classifier what it is: once, without the queue and the breaker,
// within Options.Timeout. Stats do not count it. The error is like Classify's.
func (c *Client) Model(ctx context.Context) (Description, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/model", nil)
	if err != nil {
		return Description{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	text, f := c.exchange(req)
	if f != nil {
		return Description{}, f.err
	}
	description, err := parseDescription(text)
	if err != nil {
		return Description{}, notBelieved(err).err
	}
	return description, nil
}

func parseDescription(text []byte) (d Description, err error) {
	if err := json.Unmarshal(text, &d); err != nil {
		return Description{}, err
	}
	if err := checkModel(d.Model); err != nil {
		return Description{}, err
	}
	if len(d.Labels) == 0 || len(d.Labels) > maxLabels {
		return Description{}, fmt.Errorf("it has %d labels, not 1 to %d", len(d.Labels), maxLabels)
	}
	for _, label := range d.Labels {
		if err := checkLabel(label); err != nil {
			return Description{}, err
		}
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(d.Labels))); len(distinct) < len(d.Labels) {
		return Description{}, errors.New("a label comes twice")
	}
	return d, nil
}
