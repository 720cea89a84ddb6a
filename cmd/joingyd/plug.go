package main

import (
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/quota"
	"github.com/joingyd/joingyd/turn"
	"github.com/joingyd/joingyd/web"
)

// matchRelay is the relay as the matchmaker wants it.
type matchRelay struct {
	relayServer
	connected func() // a video chat is over that had been one
}

// Part implements match.Relay.
func (r matchRelay) Part(id ident.Pair) {
	if r.Server.Part(id) {
		r.connected()
	}
}

// live is what goes on in the daemon, as the control API wants it.
type live struct {
	hub      *match.Hub
	relay    *turn.Server
	relayed  *meter // bytes
	traffic  *quota.Month
	warnings *warnings
	lacks    func() string
	role     string
}

// Enforce implements admin.Live.
func (l live) Enforce(concerns func(netip.Addr) bool) int {
	ended := l.hub.EnforceBans(concerns)
	l.relay.EnforceRefused(concerns) // of what has no session, and of peers
	return ended
}

// Affected implements admin.Live.
func (l live) Affected(match func(netip.Addr) bool) int { return l.hub.Affected(match) }

// Addresses implements admin.Live.
func (l live) Addresses(id ident.Session) []netip.Addr { return l.hub.Addresses(id) }

// Kick implements admin.Live.
func (l live) Kick(id ident.Session, reason string) bool { return l.hub.Kick(id, reason) }

// Warn implements admin.Live.
func (l live) Warn(id ident.Session, reason string) bool { return l.hub.Warn(id, reason) }

// Sessions implements admin.Live.
func (l live) Sessions() iter.Seq[admin.Session] {
	return func(yield func(admin.Session) bool) {
		for s := range l.hub.Sessions() {
			if !yield(admin.Session{
				ID: s.ID, State: admin.SessionState(s.State), Mode: string(s.Mode), Since: s.Since.UTC(), StateSince: s.StateSince.UTC(),
				Address: s.Addr, Reports: s.Reports,
			}) {
				return
			}
		}
	}
}

// Detail implements admin.Live.
func (l live) Detail(s *admin.Session) {
	used := make(map[netip.Addr]bool)
	for _, addr := range l.hub.Addresses(s.ID) {
		used[addr] = true
	}
	u := l.relay.Usage(s.ID)
	s.Addresses, s.Allocations = len(used), u.Allocations
	s.Sent = admin.Traffic{Packets: u.SentPackets, Bytes: u.SentBytes}
	s.Received = admin.Traffic{Packets: u.ReceivedPackets, Bytes: u.ReceivedBytes}
}

// Status implements admin.Live.
func (l live) Status() admin.LiveStatus {
	matching, relaying := l.hub.Stats(), l.relay.Stats()
	return admin.LiveStatus{
		Role:        l.role,
		Online:      matching.Online,
		Pairs:       matching.Pairs,
		VideoPairs:  matching.VideoPairs,
		Waiting:     matching.Waiting,
		Allocations: relaying.Allocations,
		Draining:    l.relay.Draining(),
		Relayed:     admin.Traffic{Packets: relaying.Packets, Bytes: relaying.Bytes},
		RelayRate:   l.relayed.rate(relaying.Bytes),
		Month:       monthTraffic(l.traffic.Now()),
		Refused:     matching.Denied,
		Warnings:    l.warnings.last(),
		Cluster:     l.lacks(),
	}
}

// reports is what the matchmaker remembers of reports, as the control API wants it.
type reports struct {
	hub   *match.Hub
	cases *moderate.Store
}

// Reports implements admin.Reports.
func (r reports) Reports() (list []admin.Report) {
	for _, report := range r.hub.Reports() {
		session := ""
		if report.Live {
			session = report.Reported.String()
		}
		list = append(list, admin.Report{ID: report.ID, At: report.At, Reason: report.Reason, Session: session})
	}
	return list
}

// Reported implements admin.Reports.
func (r reports) Reported(id string) (admin.Reported, bool) {
	_, who, found := r.hub.Report(id)
	if found && len(who.Addresses)+len(who.Pseudonyms) > 0 {
		return admin.Reported(who), true
	}
	k, err := r.cases.Get(id)
	if err != nil {
		return admin.Reported{}, false
	}
	return admin.Reported{Pseudonyms: k.Suspects}, true
}

// pseudonym is what the matchmaker remembers in place of an address.
func (d *daemon) pseudonym(addr netip.Addr) string { return d.bans.Pseudonym(addr).String() }

// relayControl is the relay, as the control API wants it.
type relayControl struct {
	relay   *turn.Server
	drainer *drainer
}

// Allocations implements admin.Relay.
func (c relayControl) Allocations() (list []admin.Allocation) {
	for _, a := range c.relay.Allocations() {
		session := ""
		if a.Session != (ident.Session{}) {
			session = a.Session.String()
		}
		list = append(list, admin.Allocation{
			Relayed: a.Relayed, Session: session, User: a.User, Transport: a.Transport,
			Client: a.Client, Since: a.Since.UTC(), Paired: a.Paired,
			Sent:     admin.Traffic{Packets: a.SentPackets, Bytes: a.SentBytes},
			Received: admin.Traffic{Packets: a.ReceivedPackets, Bytes: a.ReceivedBytes},
		})
	}
	return list
}

// Kill implements admin.Relay.
func (c relayControl) Kill(relayed netip.AddrPort) bool { return c.relay.Kill(relayed) }

// Drain implements admin.Relay.
func (c relayControl) Drain(after time.Duration) time.Time { return c.drainer.drain(after) }

// banned asks the ban store for the matchmaker.
func (d *daemon) banned(addr netip.Addr, use match.Use) (match.Ban, bool) {
	what := ban.UseSite
	if use == match.UseVideo {
		what = ban.UseVideo
	}
	b, banned := d.bans.Check(addr, what)
	return match.Ban{Reason: b.Reason, Until: b.Until, By: b.By.String()}, banned
}

// refused asks the ban store for the relay.
func (d *daemon) refused(addr netip.Addr) bool {
	return d.bans.Banned(addr, ban.UseRelay)
}

// banNotice asks the ban store for the site.
func (d *daemon) banNotice(r *http.Request) (web.BanNotice, bool) {
	b, banned := d.bans.Check(d.clients.Of(r), ban.UseSite)
	return web.BanNotice{Reason: b.Reason, Until: b.Until, By: b.By.String()}, banned
}

// parseProxies reads http.trusted_proxies.
func parseProxies(texts []string) (proxies []netip.Prefix, err error) {
	for _, text := range texts {
		proxy, err := config.ParseProxy(text)
		if err != nil {
			return nil, fmt.Errorf("http.trusted_proxies: %w", err)
		}
		proxies = append(proxies, proxy)
	}
	return proxies, nil
}

// iceURLs are the relay's URLs for a visitor who asked for this Host.
func (d *daemon) iceURLs(host string) []string {
	if public := d.current().TURN.PublicHost; public != "" {
		return d.relay.URLs(public)
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !config.ValidHost(host) {
		return d.relay.URLs("")
	}
	return d.relay.URLs(host)
}
