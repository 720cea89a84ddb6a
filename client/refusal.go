package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Errors of what a daemon must not do.
var (
	ErrSubprotocol = errors.New("client: the server does not speak " + Subprotocol)
	ErrSequence    = errors.New("client: a message is missing")
)

// StatusError is an upgrade that was answered with something else, by the daemon
// or by what stands before it.
type StatusError struct {
	Status int
	Body   string // its start
}

// Error implements error.
func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("client: upgrade answered with %d %s: %s", e.Status, http.StatusText(e.Status), e.Body))
}

// BannedError is a visitor who may not come in, or who must go.
type BannedError struct {
	Reason string
	Until  time.Time // zero: for good
	By     string    // who decided: person, rule or list; empty: the daemon does not say
	Appeal string    // where to; empty: the daemon does not say
}

// Error implements error.
func (e *BannedError) Error() string {
	until := "for good"
	if !e.Until.IsZero() {
		until = "until " + e.Until.Format(time.RFC3339)
	}
	return strings.TrimSpace(fmt.Sprintf("client: banned %s: %s", until, e.Reason))
}

// RefusedError is an `error` message in answer to hello.
type RefusedError struct{ Code, Detail string }

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("client: hello refused: %s: %s", e.Code, e.Detail)
}

// CloseError is a WebSocket that the daemon closed.
type CloseError struct {
	Code   int
	Reason string
}

// Error implements error.
func (e *CloseError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("client: closed with %d %s", e.Code, e.Reason))
}

// Reconnect reports whether the client may come back.
func (e *CloseError) Reconnect() bool { return e.Code < 4500 }

// Wait returns how long to wait before coming back, if that is allowed: some time
// at random, so that all who were sent away do not return together. A daemon that
// ends names the seconds to spread over (1001), one that was asked too much those
// to stay away for (4429).
func (e *CloseError) Wait() time.Duration {
	const usual = time.Second
	named := usual
	if seconds, err := strconv.Atoi(e.Reason); err == nil && seconds > 0 && seconds <= maxWait {
		named = time.Duration(seconds) * time.Second
	}
	if e.Code == codeTooMany {
		return named + rand.N(max(usual, named/8))
	}
	return rand.N(named)
}

// maxWait bounds what a server may ask for, in seconds.
const maxWait = 3600

// refusal says what an upgrade without success means.
func refusal(response *http.Response, err error) error {
	if response == nil || response.Body == nil {
		return err
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1024)) // what came is enough
	if response.StatusCode == http.StatusForbidden {
		if banned := parseBan(body); banned != nil {
			return banned
		}
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return err
	}
	return &StatusError{response.StatusCode, strings.TrimSpace(string(body))}
}

// parseBan reads the body of a 403; nil if it tells of no ban.
func parseBan(body []byte) *BannedError {
	var notice struct {
		Code, Reason, By, Appeal string
		Until                    *time.Time
	}
	if json.Unmarshal(body, &notice) != nil || notice.Code != "banned" {
		return nil
	}
	return newBanned(notice.Reason, notice.Until, notice.By, notice.Appeal)
}

func newBanned(reason string, until *time.Time, by, appeal string) *BannedError {
	banned := &BannedError{Reason: reason, By: by, Appeal: appeal}
	if until != nil {
		banned.Until = *until
	}
	return banned
}

// typed turns a close frame into a CloseError.
func typed(err error) error {
	if frame, ok := errors.AsType[websocket.CloseError](err); ok {
		return &CloseError{int(frame.Code), frame.Reason}
	}
	return err
}
