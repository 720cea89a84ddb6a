package main

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"time"

	"github.com/joingyd/joingyd/bench/crowd"
	shared "github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/match/pool"
)

// patience of all visitors; with it one waits for some 17 s on average.
const (
	patience = 30 * time.Second
	meanWait = 17 * time.Second
)

var epoch = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

// rateFor is how many have to arrive a second, so that so many wait.
func rateFor(waiting int) float64 { return float64(waiting) / meanWait.Seconds() }

// visitors draws tickets for a site on which so many wait. A larger crowd has more interests:
// else everybody would find a perfect match at once.
type visitors struct {
	people []*crowd.Visitor
	next   int
	terms  *pool.Pool // what they ask; nobody stays in it
}

func newVisitors(waiting int, seed uint64, share float64) *visitors {
	settings := crowd.Standard()
	settings.Vocab = max(settings.Vocab, waiting/2)
	random := rand.New(rand.NewPCG(20261124, seed))
	people := crowd.New(random, settings)
	v := &visitors{terms: pool.New(pool.Options{Patience: patience, Seed: 20261124})}
	v.terms.SetShare(share)
	for range max(1<<14, min(4*waiting, 2_400_000)) { // few come twice within a wait
		v.people = append(v.people, people.Visitor())
	}
	return v
}

// local is the next visitor's ticket for match/pool.
func (v *visitors) local(now time.Time) *pool.Ticket {
	who := v.people[v.next%len(v.people)]
	v.next++
	t := &pool.Ticket{Session: who.ID, Mode: who.Mode, Languages: who.Languages, Interests: who.Named, Since: now}
	binary.LittleEndian.PutUint32(t.Session[:], uint32(v.next)) // each is another
	return t
}

// ticket is the next visitor's for the shared pool.
func (v *visitors) ticket(now time.Time) shared.Ticket {
	local := v.local(now)
	session := local.Session
	v.terms.Add(local, now)
	terms := local.Terms()
	v.terms.Paired(local, now)
	t := shared.Ticket{
		ID: shared.NewID(), Session: shared.Tag(session[:8]), Mode: string(local.Mode), Languages: local.Languages,
		IDF: terms.IDF, Worth: terms.Worth, Patience: patience, Since: now,
	}
	for _, interest := range terms.Interests {
		hash := fnv.New64a()
		io.WriteString(hash, interest)
		t.Interests = append(t.Interests, shared.Tag(binary.LittleEndian.AppendUint64(nil, hash.Sum64())))
	}
	return t
}
