package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
)

// joinTime is how long a start may wait to be one of the nodes: 3 s where one of this name has
// crashed.
const joinTime = 10 * time.Second

// openSecrets reads what the nodes of a site share, if the daemon is to be one of them.
func (d *daemon) openSecrets() (err error) {
	if d.cfg.Cluster.Enabled() {
		d.secrets, err = d.cfg.Cluster.LoadSecrets(d.cfg.DataDir)
	}
	return err
}

// openCluster makes the daemon one of the nodes of a site, if it is to be one.
func (d *daemon) openCluster() error {
	settings, secrets := d.cfg.Cluster, d.secrets
	if !settings.Enabled() {
		return nil
	}
	name, err := settings.NodeName()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), joinTime)
	defer cancel()
	d.member, err = cluster.Join(ctx, cluster.Options{
		Redis: redis.Options{
			URL: settings.Redis, User: settings.User, Password: secrets.Password, SentinelPassword: secrets.SentinelPassword,
			CA: secrets.CA, Certificate: secrets.Certificate,
		},
		Node: nodes.Self{
			Name: name, Version: programVersion(), Role: nodes.Role(settings.Role), Region: settings.Region, Relay: d.relayHost(),
		},
		Key: secrets.Key, AnyLanguage: d.cfg.Match.AnyLanguage, Report: d.report, Drain: d.drainNode,
		Bans: d.bans, Enforce: d.enforceOthers, Relays: d.relays(),
		ClusterKeyPath: secrets.KeyPath, BanKeyPath: config.SecretPath(d.cfg.DataDir, banKeyFile),
		AgeKeyPath: config.SecretPath(d.cfg.DataDir, ageKeyFile), Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	d.closers = append(d.closers, d.member.Close)
	return nil
}

// report is what the node says of itself to the others.
func (d *daemon) report() nodes.Report {
	r := nodes.Report{}
	for _, use := range slices.Backward(d.bans.Keys()) {
		r.BanKeys = append(r.BanKeys, nodes.FingerprintOf(use.Key))
	}
	if d.proofs != nil {
		for _, key := range *d.proofs.keys.Load() {
			r.AgeKeys = append(r.AgeKeys, nodes.FingerprintOf(key))
		}
	}
	d.reportRelay(&r)
	hub := d.started.Load()
	if hub == nil {
		return r // it is just being made
	}
	matching, relaying := hub.Stats(), d.relay.Stats()
	r.Online, r.Waiting, r.Chats, r.Doors = matching.Online, matching.Waiting, matching.Pairs, matching.Cluster.Doors
	r.Relayed = relaying.Pairs
	r.Load = max(float64(relaying.Allocations)/float64(max(d.current().TURN.Allocations, 1)), d.memory.pressure())
	return r
}

// enforceOthers ends the sessions of who was banned at another node.
func (d *daemon) enforceOthers(concerns func(netip.Addr) bool) int {
	hub := d.started.Load()
	if hub == nil {
		return 0
	}
	return live{hub: hub, relay: d.relay}.Enforce(concerns)
}

var errDraining = errors.New("this node is being drained (joingyd cluster drain): visitors are for the others")

// lacks says what the daemon does without for want of other nodes; nothing if it has them, or
// is to have none.
func (d *daemon) lacks() string {
	if d.member == nil {
		return ""
	}
	return cmp.Or(d.member.Lack(), d.lacksRelay())
}

// alone says why the daemon is without the other nodes, for its operator; nothing if it has
// them, or is to have none.
func (d *daemon) alone() string {
	if d.member == nil {
		return ""
	}
	why := d.member.Redis().Err()
	switch d.member.State() {
	case cluster.Joined:
		return ""
	case cluster.Alone:
		why = d.member.Err()
	}
	if why == nil {
		return d.member.Lack()
	}
	return fmt.Sprintf("%s: %v", d.member.Lack(), why)
}

// ready says why the daemon is not to be sent visitors.
func (d *daemon) ready(ctx context.Context) error {
	if d.draining.Load() {
		return errDraining
	}
	return d.relayReady(ctx)
}

// cluster is the other nodes for the matchmaker, nil if there are none.
func (d *daemon) cluster() match.Cluster {
	if d.member == nil || !d.hasVisitors() {
		return nil
	}
	return matchCluster{d.member, d.cfg.Match.Patience}
}

// matchCluster is the other nodes as the matchmaker wants them.
type matchCluster struct {
	*cluster.Member
	patience time.Duration
}

// Offer implements match.Cluster.
func (c matchCluster) Offer(o match.Offer) {
	c.Member.Offer(cluster.Offer{
		ID: cluster.OfferID(o.ID), Session: o.Session, Mode: string(o.Mode), Languages: o.Languages,
		Interests: o.Interests, Relay: c.Home().At(o.Session), IDF: o.IDF, Asks: o.Asks, Patience: c.patience, Since: time.Now().Add(-o.Waited),
		Recent: raw(o.Recent), Avoid: raw(o.Avoid),
	})
}

func raw(sessions []ident.Session) [][16]byte {
	list := make([][16]byte, len(sessions))
	for i, s := range sessions {
		list[i] = s
	}
	return list
}

// Withdraw implements match.Cluster.
func (c matchCluster) Withdraw(id match.OfferID) { c.Member.Withdraw(cluster.OfferID(id)) }

// Taken implements match.Cluster.
func (c matchCluster) Taken(id match.OfferID) { c.Member.Taken(cluster.OfferID(id)) }

// clusterHub is the matchmaker as the other nodes want it.
type clusterHub struct{ *match.Hub }

// Propose implements cluster.Hub.
func (h clusterHub) Propose(own cluster.OfferID, node string, theirs cluster.OfferID) {
	h.Hub.Propose(match.OfferID(own), node, match.OfferID(theirs))
}

// Renew implements cluster.Hub.
func (h clusterHub) Renew(id cluster.OfferID) { h.Hub.Renew(match.OfferID(id)) }
