package main

import (
	"context"
	"net/http"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/web"
)

// A node's role says which of the daemon's doors are open. The parts behind the others are
// there all the same, with nobody in them: an edge's relay has no sockets, and to a relay's
// matchmaker leads no page.

// hasRelay reports whether this node has a relay.
func (d *daemon) hasRelay() bool { return d.cfg.Cluster.HasRelay() }

// hasVisitors reports whether this node has a site and a matchmaker.
func (d *daemon) hasVisitors() bool { return d.cfg.Cluster.HasVisitors() }

// role names what this node does; empty where there are no others.
func (d *daemon) role() string {
	if d.member == nil {
		return ""
	}
	return d.cfg.Cluster.Role
}

// relayReady says why the relay does not answer, if there is one.
func (d *daemon) relayReady(ctx context.Context) error {
	if !d.hasRelay() {
		return nil
	}
	return d.relay.Ready(ctx)
}

// lacksRelay says that visitors have no relay, if that is so: an edge has none of its own.
func (d *daemon) lacksRelay() string {
	if d.hasRelay() || d.member.Stats().Relays > 0 {
		return ""
	}
	return "no relay of another node is alive: there are text chats only"
}

// probes is what a relay alone answers.
func (d *daemon) probes() http.Handler {
	return web.Probes(web.Options{Ready: d.ready, Lacks: d.lacks, Logger: d.log})
}

// intro begins the line of a daemon that is ready: where its site is, if it has one.
func (d *daemon) intro(scheme string) string {
	site := "open " + scheme + "://" + openAt(d.httpListener.Addr())
	switch d.role() {
	case config.RoleRelay:
		return "relay of other nodes"
	case config.RoleEdge:
		return site + ", relays are other nodes'"
	}
	return site
}
