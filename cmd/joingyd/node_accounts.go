package main

import (
	"context"
	"time"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/accounts"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
)

// accounts is what the matchmaker counts together with those of other nodes, nil if there
// are none.
func (d *daemon) accounts() match.Accounts {
	if d.member == nil {
		return nil
	}
	return matchAccounts{d.member}
}

// lineKey is the key by which nodes know lines again, zero if there are no others.
func (d *daemon) lineKey() (key [32]byte) {
	if d.member == nil {
		return key
	}
	return cluster.LineKey(d.secrets.Key)
}

// reportTime is how long a report waits for what other nodes have of its reporter.
const reportTime = 50 * time.Millisecond

// reportsBefore counts a report, and returns how many its reporter made within a day before, at
// any node; 0 where none can be asked.
func (d *daemon) reportsBefore(reporter string) int {
	if d.member == nil || d.member.State() != cluster.Joined || reporter == "" {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	standing := d.member.Accounts().Settle(ctx, []accounts.Entry{{
		Of: "reporter " + reporter, Score: accounts.Score{HalfLife: time.Minute},
		Marks: accounts.Marks{Window: moderate.ReportsDay, Most: moderate.MostReports + 1, Added: 1},
	}})[0]
	return max(0, len(standing.Marks)-1)
}

// matchAccounts is accounts as the matchmaker wants them.
type matchAccounts struct{ member *cluster.Member }

// Ready implements match.Accounts.
func (a matchAccounts) Ready() bool { return a.member.State() == cluster.Joined }

// Settle implements match.Accounts.
func (a matchAccounts) Settle(ctx context.Context, tallies []match.Tally) []match.Standing {
	entries := make([]accounts.Entry, len(tallies))
	for i, t := range tallies {
		entries[i] = accounts.Entry{
			Of: t.Of, Held: t.Held, Wanted: t.Wanted, Most: t.Most, Weight: t.Risk,
			Score: accounts.Score{HalfLife: t.HalfLife, Most: t.MostPoints, Added: t.Points},
			Marks: accounts.Marks{Window: t.StrikeLife, Most: t.MostStrikes, Added: t.Strikes, Clear: t.Pardoned},
		}
		for _, b := range t.Buckets {
			entries[i].Buckets = append(entries[i].Buckets, accounts.Bucket(b))
		}
	}
	standings := make([]match.Standing, len(tallies))
	for i, s := range a.member.Accounts().Settle(ctx, entries) {
		standings[i] = match.Standing{
			Known: s.Known, Elsewhere: s.Elsewhere, Forgotten: s.Forgotten, Risk: s.Weight, Points: s.Points, Strikes: s.Marks, Missing: s.Missing,
		}
	}
	return standings
}
