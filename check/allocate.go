package check

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// link is a server with two allocations on it, once it has given them.
type link struct {
	server *server
	ends   [2]*allocation // nil where there is none
}

func (l *link) close() {
	for _, a := range l.ends {
		if a != nil {
			a.close()
		}
	}
}

// allocate asks the server for two allocations, with the session's credentials.
func (c *checker) allocate(ctx context.Context, name string, l *link) Step {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	start := time.Now()
	for i := range l.ends {
		a, err := c.newAllocation(ctx, l.server)
		if err != nil {
			return failed(name, c.plain(err), allocateRemedy(err, l.server))
		}
		l.ends[i] = a
	}
	return ok(name, fmt.Sprintf("two, at %s and %s, in %s", l.ends[0].addr(), l.ends[1].addr(), since(start)))
}

// newAllocation connects to the server and allocates.
func (c *checker) newAllocation(ctx context.Context, s *server) (*allocation, error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	t, err := c.newTURNClient(conn, s)
	if err != nil {
		return nil, err
	}
	var relayed net.PacketConn
	err = t.during(ctx, func() (err error) {
		relayed, err = t.pion.Allocate()
		return err
	})
	if err != nil {
		if relayed != nil {
			relayed.Close()
		}
		t.close()
		return nil, err
	}
	a := &allocation{turnClient: t, relayed: relayed, trials: make(map[uint32]chan<- uint32)}
	a.serving.Go(a.serve)
	return a, nil
}

// allocateRemedy is what to do about a server that answers Binding requests and
// gives no allocation. pion's errors tell the code in their text alone.
func allocateRemedy(err error, s *server) string {
	text := err.Error()
	has := func(code string) bool { return strings.Contains(text, "(error "+code+":") }
	switch {
	case has("401"), has("400"), has("438"):
		return fmt.Sprintf("The relay does not know the credentials that the site gave: another TURN server, or another joingyd, answers on port %s. Stop it, or let turn.public_host name the machine that the site's joingyd runs on.", s.port)
	case has("403"):
		return "The relay refuses this machine's address: a ban, see joingyd bans check ADDRESS."
	case has("486"):
		return "This machine holds too many allocations, or all visitors look like one. Raise turn.allocations_per_session or turn.allocations_per_address, and see that no proxy or NAT before the relay hides the visitors' addresses."
	case has("508"):
		return "The relay is full, drained, or at its traffic of the month: joingyd status tells. Raise turn.allocations or turn.traffic_per_month."
	}
	return fmt.Sprintf("Something else than joingyd's relay answers on port %s, or the relay is overloaded. See who listens there (ss -lntup), and the daemon's log: journalctl -u joingyd.", s.port)
}
