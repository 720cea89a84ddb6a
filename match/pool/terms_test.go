package pool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Terms are those of the ticket: the rarest interest first, and an ask that falls to 0.
// Where a pool sees but a share of the arrivals, its tickets ask for more.
func TestTerms(t *testing.T) {
	terms := func(share float64) Terms {
		p := newPool()
		p.SetShare(share)
		random := rand.New(rand.NewPCG(11, 12))
		for i := range 3000 {
			ticket := newTicket(time.Duration(i)*50*time.Millisecond, fmt.Sprint(random.IntN(20)), fmt.Sprint(20+random.IntN(200)))
			p.Add(ticket, ticket.Since)
			p.Expire(ticket.Since)
		}
		p.Expire(at(time.Hour))
		ticket := newTicket(160*time.Second, "1", "Theremin", "2")
		if p.Len() != 0 || p.Add(ticket, ticket.Since) != nil {
			t.Fatal("somebody was left")
		}
		return ticket.Terms()
	}
	alone, one := terms(1), terms(0.1)
	if !slices.Equal(alone.IDF, one.IDF) || !slices.IsSortedFunc(alone.IDF, func(a, b float32) int { return int(b - a) }) || len(alone.IDF) != 3 {
		t.Errorf("idf %v and %v, want three, the same, the highest first", alone.IDF, one.IDF)
	}
	if alone.Interests[0] != "theremin" {
		t.Errorf("interests %q, want theremin first", alone.Interests)
	}
	for i := range worthSteps {
		if alone.Worth[i] <= alone.Worth[i+1] || one.Worth[i] <= alone.Worth[i] {
			t.Errorf("asked: %v, and with a tenth of the arrivals here %v", alone.Worth, one.Worth)
			break
		}
	}
	if alone.Worth[worthSteps] != 0 {
		t.Errorf("asked when patience has ended: %v", alone.Worth[worthSteps])
	}
}

// Who is paired elsewhere has not left the line: those who come after ask as much as before.
func TestPairedElsewhere(t *testing.T) {
	ask := func(out func(*Pool, *Ticket, time.Time)) float64 {
		p := newPool()
		for i := range 500 {
			since := time.Duration(i) * 50 * time.Millisecond
			ticket := newTicket(since, fmt.Sprint(i%40))
			if p.Add(ticket, ticket.Since) == nil {
				out(p, ticket, at(since+testPatience/8))
				out(p, ticket, at(since+testPatience/8)) // not in any more
			}
			if p.Len() != 0 {
				t.Fatalf("%d wait", p.Len())
			}
		}
		ticket := newTicket(26*time.Second, "1")
		add(t, p, ticket)
		return float64(ticket.Terms().Worth[0])
	}
	if left, paired := ask((*Pool).Remove), ask((*Pool).Paired); paired <= left {
		t.Errorf("asked: %v where all were paired elsewhere, %v where all left", paired, left)
	}
}
