package main

import (
	"fmt"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/doctor"
	"github.com/joingyd/joingyd/front"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/watch"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/request"
	"github.com/joingyd/joingyd/totals"
	"github.com/joingyd/joingyd/turn"
)

// openMetrics makes the metrics, and opens a listener for them unless there shall be none.
func (d *daemon) openMetrics() (err error) {
	d.metrics = metrics.NewServer(metrics.Sources{
		Version: programVersion(),
		Relay:   d.relayMetrics,
		Match:   d.matchMetrics,
		Bans:    d.banMetrics,
		Cases:   d.caseMetrics,
		Visits:  d.visitMetrics,
		Age:     d.ageMetrics,

		Retention:     d.retentionMetrics,
		Stores:        d.sweptStores(),
		RequestStates: privacy.States(),

		Stills:     d.stillMetrics,
		Classifier: d.classifierMetrics,

		Scopes:        texts(ban.Scopes()),
		Gravities:     moderate.Gravities(),
		Transports:    turn.Transports(),
		DropReasons:   texts(turn.DropReasons()),
		ReportReasons: match.ReportReasons(),
		RefusedCodes:  match.ErrorCodes(),
		Denials:       match.Denials(),

		ChallengeOutcomes: match.ChallengeOutcomes(),
		PassOutcomes:      match.PassOutcomes(),
		CheckOutcomes:     checkOutcomes(),

		StillLabels:        d.stillLabels,
		StillLosses:        names(stillLosses(watch.Stats{})),
		ClassifierOutcomes: names(classifierCalls(classify.Stats{})),
		Verdicts:           match.Verdicts(),

		OffloadOutcomes: offloadOutcomes(),

		Ports: d.portMetrics, Kept: d.keptMetrics, Host: d.hostMetrics,

		Relays:  d.relaysMetrics,
		Cluster: d.clusterMetrics, SharedRedis: d.sharedRedisMetrics, SharedPool: d.sharedPoolMetrics, SharedBans: d.sharedBansMetrics, SharedAccounts: d.sharedAccountsMetrics,
		ClusterStates: texts(cluster.States()), MoveOutcomes: match.MoveOutcomes(), SeekOutcomes: match.SeekOutcomes(), BusDrops: busDrops, AskOutcomes: cluster.AskOutcomes(), Commons: match.Commons(),
		TLSServices: []string{"http", "turn"}, TLSReasons: front.Reasons(), Routes: request.Routes(), AdminOutcomes: admin.Outcomes(),
		DisclosureStates: texts(disclosure.States()), LogLevels: doctor.Levels(), StillOutcomes: match.StillOutcomes(),

		Systems: totals.Systems(), Browsers: totals.Browsers(), Devices: totals.Devices(), Languages: totals.Languages(),
		Stays: totals.Stays(), Modes: totals.Modes(),
	}, d.log)
	if d.cfg.Admin.MetricsListen == "" {
		return nil
	}
	if d.metricsListener, err = d.sockets.Listen("admin.metrics_listen", d.cfg.Admin.MetricsListen); err != nil {
		return fmt.Errorf("admin.metrics_listen: %w; choose another with --admin-metrics-listen, or \"\" for no metrics", err)
	}
	d.closers = append(d.closers, d.metricsListener.Close)
	return nil
}

func (d *daemon) banMetrics() metrics.Bans {
	s := d.bans.Stats()
	active := make(map[string]int, len(s.Active))
	for scope, n := range s.Active {
		active[string(scope)] = n
	}
	return metrics.Bans{Active: active, Changes: s.Changes, Failures: s.Failures}
}

func (d *daemon) caseMetrics() metrics.Cases {
	s := d.cases.Stats()
	return metrics.Cases{Waiting: s.Waiting, Oldest: s.Oldest, Dropped: s.Dropped, EvidenceDropped: d.evidence.memory.Dropped()}
}

func (d *daemon) relayMetrics() metrics.Relay {
	s := d.relay.Stats()
	transports := make(map[string]metrics.Transport, len(s.ByTransport))
	for name, t := range s.ByTransport {
		drops := make(map[string]uint64, len(t.Drops))
		for reason, n := range t.Drops {
			drops[string(reason)] = n
		}
		transports[name] = metrics.Transport{
			Allocations: t.Allocations, Packets: t.Packets, Bytes: t.Bytes,
			Drops: drops, AuthOK: t.AuthOK, AuthFailed: t.AuthFailed,
		}
	}
	traffic := d.traffic.Now()
	return metrics.Relay{
		MonthBytes: traffic.Bytes, MonthLimit: traffic.Limit,
		Sessions: s.Sessions, Pairs: s.Pairs, Draining: d.relay.Draining(), ByTransport: transports, Offload: d.offloadMetrics(s.NotOffloaded),
	}
}

func (d *daemon) matchMetrics() metrics.Match {
	s := d.hub.Stats()
	return metrics.Match{
		Sessions: s.Online, Waiting: s.Waiting, Pairs: s.Pairs, Addresses: s.Addresses, Forgotten: s.Forgotten,
		Reports: s.Reports, ReportsForgotten: s.ReportsForgotten, Refused: s.Refused, Denied: s.Denied, Challenges: s.Challenges,
		Filter: metrics.Filter(s.Filter), Paired: s.Paired, Slow: s.Slow, Stills: s.Stills,
	}
}

func texts[T ~string](list []T) (out []string) {
	for _, text := range list {
		out = append(out, string(text))
	}
	return out
}
