package admin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

// Code tells a program what kind of Error it has.
type Code string

// The codes of an Error.
const (
	CodeInvalid     Code = "invalid"     // the request makes no sense; the detail says what would
	CodeNeedsForce  Code = "needs_force" // the ban looks like a mistake
	CodeNotFound    Code = "not_found"   // no such ban, session or path
	CodeUnavailable Code = "unavailable" // needs the running daemon
	CodeInternal    Code = "internal"

	CodeUnauthorized Code = "unauthorized" // the token is missing or wrong
	CodeForbidden    Code = "forbidden"    // not from a web page
)

// Error is a request that failed.
type Error struct {
	Code   Code   `json:"code"`
	Detail string `json:"detail"` // one line, ends with what to do
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

func invalid(format string, args ...any) *Error {
	return &Error{CodeInvalid, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Error {
	return &Error{CodeNotFound, fmt.Sprintf(format, args...)}
}

func noSuchSession(id ident.Session) *Error {
	return notFound("session %s is not live; it may have ended by itself", id)
}

// fromStore turns the store's error into one for the wire.
func fromStore(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ban.ErrInvalid):
		return invalid("%s", strings.TrimPrefix(err.Error(), ban.ErrInvalid.Error()+": ")) // the code says so
	default:
		return &Error{CodeInternal, err.Error()}
	}
}

// unread is for a change that did not come about because the store, which was to
// be read first, could not be.
func unread(err error) *Error {
	return &Error{CodeInternal, "ban store cannot be read, and nothing was changed: " + err.Error()}
}
