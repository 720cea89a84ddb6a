package pool_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redistest"
)

const patience = 3 * time.Second

func TestMain(m *testing.M) { redistest.Main(m) }

// link is a connection whose calls have all the time that they need.
type link struct{ client rueidis.Client }

func (l link) Client() rueidis.Client { return l.client }

func (l link) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Minute)
}

// site is a Redis with nodes on a clock of its own.
type site struct {
	*testing.T
	server *redistest.Server
	link   link
	opts   pool.Options
	now    time.Time
	nodes  []*pool.Pool
}

// newSite makes so many nodes.
func newSite(t *testing.T, nodes int, opts pool.Options) *site {
	t.Helper()
	server := redistest.Shared(t)
	return newSiteOn(t, server, nodes, opts)
}

func newSiteOn(t *testing.T, server *redistest.Server, nodes int, opts pool.Options) *site {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr()}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s := &site{T: t, server: server, link: link{client}, now: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), opts: opts}
	s.opts.Now = func() time.Time { return s.now }
	for range nodes {
		s.start()
	}
	return s
}

// start adds a node.
func (s *site) start() *pool.Pool {
	s.Helper()
	opts := s.opts
	opts.Node, opts.Member = "node "+string(rune('a'+len(s.nodes))), pool.NewTag()
	p, err := pool.New(s.link, opts)
	if err != nil {
		s.Fatal(err)
	}
	s.nodes = append(s.nodes, p)
	return p
}

// tag derives a tag from a text.
func tag(text string) (t pool.Tag) {
	hash := fnv.New64a()
	hash.Write([]byte(text))
	binary.BigEndian.PutUint64(t[:], hash.Sum64()*0x9e3779b97f4a7c15)
	return t
}

// ticket is one of somebody who came now, speaks English, and for whom each interest is worth 2 nats.
func (s *site) ticket(session string, interests ...string) pool.Ticket {
	t := pool.Ticket{
		ID: pool.NewID(), Session: tag(session), Mode: "video", Languages: []string{"en"}, Patience: patience, Since: s.now,
	}
	for _, i := range interests {
		t.Interests, t.IDF = append(t.Interests, tag(i)), append(t.IDF, 2)
	}
	return t
}

// asking sets what t asks: so much at first, evenly less until patience ends.
func asking(t pool.Ticket, nats float32) pool.Ticket {
	for i := range t.Worth {
		t.Worth[i] = nats * float32(pool.Steps-i) / pool.Steps
	}
	return t
}

func speaking(t pool.Ticket, languages ...string) pool.Ticket {
	t.Languages = languages
	return t
}

// waits offers tickets that find nobody, and returns when the last is to search again.
func (s *site) waits(node int, tickets ...pool.Ticket) (again time.Duration) {
	s.Helper()
	for _, t := range tickets {
		found, then, err := s.nodes[node].Offer(context.Background(), t)
		if err != nil || found != nil {
			s.Fatalf("offer: %+v, %v, want nobody", found, err)
		}
		again = then
	}
	return again
}

// finds offers a ticket that finds want.
func (s *site) finds(node int, t, want pool.Ticket) *pool.Found {
	s.Helper()
	found, _, err := s.nodes[node].Offer(context.Background(), t)
	s.is(found, err, want)
	return found
}

func (s *site) is(found *pool.Found, err error, want pool.Ticket) {
	s.Helper()
	if err != nil || found == nil || found.ID != want.ID {
		s.Fatalf("found %+v, %v, want %+v", found, err, want)
	}
}

// again searches for a ticket that is in.
func (s *site) again(node int, t pool.Ticket) (*pool.Found, error) {
	s.Helper()
	found, _, err := s.nodes[node].Search(context.Background(), t.ID, t.Recent, t.Avoid)
	if err != nil && !errors.Is(err, pool.ErrGone) {
		s.Fatal(err)
	}
	return found, err
}

func (s *site) pass(d time.Duration) { s.now = s.now.Add(d) }

// renew renews every node's tickets, and returns how many were lost.
func (s *site) renew() (lost int) {
	s.Helper()
	for _, p := range s.nodes {
		ids, err := p.Renew(context.Background())
		if err != nil {
			s.Fatal(err)
		}
		lost += len(ids)
	}
	return lost
}

// keys are those of the pool in Redis.
func (s *site) keys() (list []string) {
	s.Helper()
	for line := range strings.Lines(s.server.Do(s.T, "KEYS", "joingy:{p1:*")) {
		if key := strings.TrimSpace(line); key != "" {
			list = append(list, key)
		}
	}
	return list
}

// renewBut renews the tickets of all nodes but one.
func (s *site) renewBut(dead int) {
	s.Helper()
	for i, p := range s.nodes {
		if i == dead {
			continue
		}
		if _, err := p.Renew(context.Background()); err != nil {
			s.Fatal(err)
		}
	}
}

// empty checks that nobody waits in Redis.
func (s *site) empty() {
	s.Helper()
	for _, key := range s.keys() {
		if !strings.HasSuffix(key, ":members") {
			s.Errorf("%s is left", key)
		}
	}
}
