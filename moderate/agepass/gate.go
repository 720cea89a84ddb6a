package agepass

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Kind is the kind of these challenges and answers in joingy.v1.
const Kind = "age"

// Challenge is the data of a challenge message.
type Challenge struct {
	URL     string    `json:"url"`     // of the checker, for the page to open; has state and return in it
	State   string    `json:"state"`   // what /age must be called with, for the page to compare
	Nonce   string    `json:"nonce"`   // for the page to keep; goes nowhere but into a Redemption
	Expires time.Time `json:"expires"` // of the state
}

// Redemption is what a page sends once the visitor is back at /age.
type Redemption struct {
	State string `json:"state"`
	Nonce string `json:"nonce"`
	Code  string `json:"code"` // as the checker gave it, 1 to 2,048 bytes
}

// Issued answers a Redemption.
type Issued struct {
	Pass    string    `json:"pass"`
	Expires time.Time `json:"expires"`
}

// Answer is the data of an answer message.
type Answer struct {
	Pass string `json:"pass"`
}

// What a visitor may be told, beside what is wrong with a pass or state.
var (
	ErrNotAdult = errors.New("the age checker does not say that you are an adult")
	ErrCode     = errors.New("code: must have 1 to 2048 bytes")
)

const mostCode = 2048

// Gate is the way from challenge to pass. It is safe for concurrent use and keeps
// nothing.
type Gate struct {
	signer  *Signer
	checker *Checker
	page    *url.URL // with return in it
}

// NewGate returns a Gate that sends visitors to page, an address of the checker,
// and wants them back at an address of this site: https://chat.example/age. The
// error names which of the two is wrong.
func NewGate(signer *Signer, checker *Checker, page, back string) (*Gate, error) {
	if _, err := parseURL(back); err != nil {
		return nil, fmt.Errorf("back: %w", err)
	}
	u, err := parseURL(page)
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	query := u.Query()
	query.Set("return", back)
	u.RawQuery = query.Encode()
	return &Gate{signer, checker, u}, nil
}

// Challenge returns a new challenge.
func (g *Gate) Challenge(now time.Time) Challenge {
	state, nonce, ends := g.signer.NewState(now)
	u := *g.page
	query := u.Query()
	query.Set("state", state)
	u.RawQuery = query.Encode()
	return Challenge{URL: u.String(), State: state, Nonce: nonce, Expires: ends}
}

// Redeem asks the checker what the code is worth, and gives a pass for it. The
// error is ErrCode, ErrNotAdult, or one of CheckState, Check and Issue. It costs a
// request to the checker, so bound how often an address may call it.
func (g *Gate) Redeem(ctx context.Context, now time.Time, r Redemption) (Issued, error) {
	if r.Code == "" || len(r.Code) > mostCode {
		return Issued{}, ErrCode
	}
	if err := g.signer.CheckState(r.State, r.Nonce, now); err != nil {
		return Issued{}, fmt.Errorf("state: %w", err)
	}
	verdict, err := g.checker.Check(ctx, r.State, r.Code)
	if err != nil {
		return Issued{}, err
	}
	if !verdict.Adult {
		return Issued{}, ErrNotAdult
	}
	pass, ends, err := g.signer.Issue(now, verdict.Expires)
	return Issued{pass, ends}, err
}

// Admit returns nil for the data of an answer with a pass that is good now. The
// error names the field; see Signer.Check.
func (g *Gate) Admit(data json.RawMessage, now time.Time) error {
	var answer Answer
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("data: %w", ErrMalformed)
	}
	if err := g.signer.Check(answer.Pass, now); err != nil {
		return fmt.Errorf("pass: %w", err)
	}
	return nil
}
