package cluster

import (
	"context"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/relay"
	"github.com/joingyd/joingyd/ident"
)

// listEvery is how often it is looked who has a relay, what it has to do, and who is at one
// that is gone.
const listEvery = time.Second

// Relays is what a node brings along for package relay, where its parts are explained.
type Relays struct {
	Own  relay.Server               // this node's; nil: it has none
	URLs func(host string) []string // of Own, for a visitor who asked for this Host

	Credentials func(relay.Keys, ident.Session, time.Time) (username, password string)
	Lifetime    time.Duration // of credentials
	Masked      netip.Prefix  // see relay.HomeOptions
	Connected   func()

	// Listed is told after each look whether any relay takes new allocations. It may be nil.
	Listed func(taken bool)
}

// openRelays makes the Member's Host, where the node has a relay, and its Home, where it has
// sessions.
func (m *Member) openRelays() {
	o := m.opts.Relays
	if o.Own != nil {
		m.host = relay.NewHost(relay.HostOptions{Server: o.Own, Bus: m.bus, Deaf: m.deaf, Logger: m.log})
	}
	if m.opts.Node.Role == nodes.RoleRelay {
		return
	}
	home := relay.HomeOptions{
		Node: m.opts.Node.Name, Region: m.opts.Node.Region, Bus: m.bus, Relays: m.relayList, LocalURLs: o.URLs,
		Keys:        func(name string) relay.Keys { return relay.KeysOf(m.opts.Key, name) },
		Credentials: o.Credentials, Lifetime: o.Lifetime, Masked: o.Masked, Connected: o.Connected,
	}
	if m.host != nil {
		home.Local = m.host
	}
	m.home = relay.NewHome(home)
}

// deaf reports whether no other node can be heard.
func (m *Member) deaf() bool { return m.Away() || !m.bus.Listening() }

// Home is what the node's matchmaker has for a relay; nil where it has none to make.
func (m *Member) Home() *relay.Home { return m.home }

// Host carries out at this node's relay what all nodes want; nil where it has none.
func (m *Member) Host() *relay.Host { return m.host }

// relayList is the relays of the last look.
func (m *Member) relayList() []relay.Relay {
	if list := m.relays.Load(); list != nil {
		return *list
	}
	return nil
}

// keepRelays looks who has a relay, and finds others for sessions whose relay is gone, until
// ctx ends.
func (m *Member) keepRelays(ctx context.Context) {
	tick := time.NewTicker(listEvery)
	defer tick.Stop()
	for {
		m.listRelays()
		if moved := m.home.Rehouse(); len(moved) > 0 {
			m.log.Warn("cluster: the relay of sessions is gone or closes, or there was none; they have another now", "sessions", len(moved))
			m.hub.Rehoused(moved)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.relaysMoved:
		}
	}
}

// listRelays is a look.
func (m *Member) listRelays() {
	var list []relay.Relay
	taken := false
	for _, n := range append(m.nodes.Alive(), m.nodes.Self()) {
		if len(n.RelayURLs) == 0 {
			continue // none, or a version of before that serves no other node's sessions
		}
		refuses := n.RelayDraining || n.RelayClosed
		r := relay.Relay{
			Name: n.Name, Region: n.Region, Load: n.Load, Draining: n.Draining || refuses, Refuses: refuses, Closed: n.RelayClosed, URLs: n.RelayURLs,
		}
		taken = taken || !r.Draining
		list = append(list, r)
	}
	m.relays.Store(&list)
	if m.opts.Relays.Listed != nil {
		m.opts.Relays.Listed(taken)
	}
}

// lookForRelays has keepRelays look now.
func (m *Member) lookForRelays() {
	select {
	case m.relaysMoved <- struct{}{}:
	default:
	}
}
