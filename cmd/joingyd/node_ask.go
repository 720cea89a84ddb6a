package main

import (
	"net/http"

	"github.com/joingyd/joingyd/match"
)

// elsewhere is how the matchmaker reaches those of other nodes, nil if there are none.
func (d *daemon) elsewhere() func(node string) http.RoundTripper {
	if d.member == nil {
		return nil
	}
	return d.member.To
}

// answerNodes has the requests of other nodes answered.
func (d *daemon) answerNodes() {
	if d.member != nil {
		d.member.Handle(match.StillsService, http.HandlerFunc(d.hub.TakeSnapshot))
	}
}
