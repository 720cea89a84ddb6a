package desk

import (
	"sync"
	"time"

	"github.com/joingyd/joingyd/recent"
)

const (
	paceTime  = time.Hour
	restTime  = 10 * time.Minute // of a break, at least
	maxPeople = 1024             // whose pace is remembered
)

// pace is how much people look at. What one has to see here is bad for them in
// quantity, so that after so many cases within an hour there is a break: until that hour
// is over, and ten minutes at least. Logging out and in again is none.
type pace struct {
	most int

	mu     sync.Mutex // guards what follows
	byName *recent.Map[string, stretch]
}

// stretch is an hour of somebody's work, which begins with a case.
type stretch struct {
	begun  time.Time
	opened int
	rest   time.Time // until when they rest; zero: they do not
}

func newPace(most int) *pace {
	return &pace{most: most, byName: recent.New[string, stretch](maxPeople)}
}

// take counts a case that somebody opens. If they had better rest, it returns until when.
func (p *pace) take(name string) (rest time.Time) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s, _ := p.byName.Use(name)
	if now.Before(s.rest) {
		return s.rest
	}
	if !s.rest.IsZero() || now.Sub(s.begun) >= paceTime {
		*s = stretch{begun: now}
	}
	if s.opened++; s.opened == p.most {
		if s.rest = s.begun.Add(paceTime); s.rest.Before(now.Add(restTime)) {
			s.rest = now.Add(restTime)
		}
	}
	return time.Time{}
}

// left returns how many cases somebody may open before they rest, and until when they
// do, if so.
func (p *pace) left(name string) (cases int, rest time.Time) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.byName.Get(name)
	switch {
	case s == nil:
		return p.most, time.Time{}
	case now.Before(s.rest):
		return 0, s.rest
	case !s.rest.IsZero(), now.Sub(s.begun) >= paceTime:
		return p.most, time.Time{}
	}
	return p.most - s.opened, time.Time{}
}
