package main

import (
	"context"

	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/cluster/accounts"
	"github.com/joingyd/joingyd/match"
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
