package main

import (
	"net/http"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cluster"
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
		d.member.Handle(formService, d.answerForms())
		d.member.Handle(admin.KeyService, d.admin.TakeKeys(cluster.AskedBy))
		d.member.Handle(admin.ControlService, d.admin.Forwarded(cluster.AskedBy))
	}
}

// adminNodes is the other nodes, as the control API asks them.
type adminNodes struct{ *cluster.Member }

// Self implements admin.Nodes.
func (n adminNodes) Self() string { return n.Node() }

// Others implements admin.Nodes.
func (n adminNodes) Others() []string { return n.Nodes() }

// All implements admin.Nodes.
func (n adminNodes) All() (names []string) {
	for _, node := range n.Registry().Alive() {
		names = append(names, node.Name)
	}
	return names
}
