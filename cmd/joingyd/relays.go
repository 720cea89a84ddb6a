package main

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/relay"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/turn"
)

// relayServer is this node's relay as the nodes of a site want it.
type relayServer struct{ *turn.Server }

// Admit makes a session known.
func (r relayServer) Admit(id ident.Session, source netip.Addr) (username, password string, expires time.Time) {
	c := r.Server.Admit(id, source)
	return c.Username, c.Password, c.Expires
}

// useRelays has the matchmaker use the relay, or those of all nodes.
func (d *daemon) useRelays(o *match.Options) {
	if d.member == nil || !d.hasVisitors() {
		o.Relay, o.ICEURLs = matchRelay{relayServer{d.relay}, d.videoConnected}, d.iceURLs
		return
	}
	home := d.member.Home()
	o.Relay, o.Relays = home, home
}

// sharedRelay has the relay take the credentials that other nodes make for it, and tell them
// what becomes of their sessions.
func (d *daemon) sharedRelay(o *turn.Options) error {
	if !d.cfg.Cluster.Enabled() || !d.hasRelay() {
		return nil
	}
	name, err := d.cfg.Cluster.NodeName()
	if err != nil {
		return err
	}
	keys := turn.Shared(relay.KeysOf(d.secrets.Key, name))
	o.Shared = &keys
	o.Changed = func(id ident.Session) { d.member.Host().Changed(id) } // it listens once that is there
	return nil
}

// relays is what this node brings along for those of all.
func (d *daemon) relays() cluster.Relays {
	r := cluster.Relays{
		URLs: d.iceURLs,
		Credentials: func(keys relay.Keys, id ident.Session, expires time.Time) (username, password string) {
			c := turn.Shared(keys).Credentials(id, expires)
			return c.Username, c.Password
		},
		Lifetime: d.cfg.TURN.CredentialLifetime, Connected: d.videoConnected, Listed: d.relaysTaken,
	}
	if d.cfg.TURN.Relay == "masked" {
		r.Masked = turn.RelayRange
	}
	if d.hasRelay() {
		r.Own = relayServer{d.relay}
	}
	return r
}

// relayHost is where visitors reach this node's relay; empty: it has none.
func (d *daemon) relayHost() string {
	if !d.hasRelay() {
		return ""
	}
	return d.current().TURN.PublicHost
}

// reportRelay adds what the node says of its relay to the others.
func (d *daemon) reportRelay(r *nodes.Report) {
	r.RelayURLs = d.relay.URLs(d.relayHost())
	r.RelayDraining, r.RelayClosed = d.relay.Draining() || d.closed.month(), d.drain.closes()
}

// relaysMetrics is what sessions have at relays of other nodes than their own.
func (d *daemon) relaysMetrics() metrics.Relays {
	if d.member == nil {
		return metrics.Relays{}
	}
	r := metrics.Relays{Alive: d.member.Stats().Relays}
	if home := d.member.Home(); home != nil {
		s := home.Stats()
		r.Moved, r.Told, r.Unsaid, r.Invalid = s.Moved, s.Wholes, s.Failed, s.Invalid
		for name, sessions := range s.Sessions {
			switch name {
			case d.member.Node():
			case "":
				r.None = sessions
			default:
				r.Elsewhere += sessions
			}
		}
	}
	if host := d.member.Host(); host != nil {
		s := host.Stats()
		r.GuestSessions, r.GuestPairs, r.Asked, r.Refused, r.Silent = s.Sessions, s.Pairs, s.Asked, s.Refused, s.Gone
		r.Invalid += s.Invalid
	}
	return r
}
