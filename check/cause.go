package check

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
)

// cause is what an error of the network tells about the way there.
type cause int

const (
	causeOther   cause = iota // an answer, but not the one expected
	causeRefused              // a machine is there, and nothing listens
	causeSilent               // nothing came back: a firewall, most often
	causeBarred               // a firewall said so
	causeNoRoute              // this machine has no such network
	causeNoName               // the name has no address
	causeCut                  // it was there, and hung up
)

func causeOf(err error) cause {
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &name):
		return causeNoName
	case errors.Is(err, syscall.ECONNREFUSED):
		return causeRefused
	case errors.Is(err, syscall.EHOSTUNREACH):
		return causeBarred
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return causeNoRoute
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network) && network.Timeout():
		return causeSilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed):
		return causeCut
	}
	return causeOther
}

// plain is an error for the table.
func (c *checker) plain(err error) string {
	switch causeOf(err) {
	case causeNoName:
		return "the name has no address"
	case causeRefused:
		return "connection refused"
	case causeSilent:
		return "no answer in " + c.Timeout.String()
	case causeBarred:
		return "rejected on the way (host unreachable)"
	case causeNoRoute:
		return "this machine has no way there (network unreachable)"
	case causeCut:
		return "the connection was cut"
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err // the URL is named beside it
	}
	return excerpt(err.Error())
}
