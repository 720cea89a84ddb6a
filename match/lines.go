package match

import (
	"time"

	"github.com/joingyd/joingyd/match/filter"
)

// lines count in common with other hubs in how many chats something was said. The filter
// calls it without the hub's lock.
type lines struct{ hub *Hub }

// Said implements filter.Common. Its author waits as long as a hello does.
func (l lines) Said(things []filter.Thing) [][]time.Duration {
	asked, answers := l.ask(things)
	for _, answer := range answers {
		<-answer
	}
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	said := make([][]time.Duration, len(things))
	for i, a := range asked {
		if a != nil {
			said[i] = a.since
		}
	}
	return said
}

// ask has the things told. Of those that are not the account is nil.
func (l lines) ask(things []filter.Thing) (asked []*account, answers []<-chan struct{}) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	for _, thing := range things {
		o := holder{kind: aLine}
		copy(o.hash[:], thing.Print[:])
		a, answer := l.hub.enquireLocked(o)
		if asked = append(asked, a); a != nil {
			a.strikes, a.most = a.strikes+1, thing.Most
			answers = append(answers, answer)
		}
	}
	return asked, answers
}

// filterOptions are those of the site's filter, with what this hub adds.
func (h *Hub) filterOptions(o Filter) Filter {
	if o.Key = h.opts.FilterKey; h.accounts != nil {
		o.Common = lines{h}
	}
	return o
}
