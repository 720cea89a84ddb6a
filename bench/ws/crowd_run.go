package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/match"
)

const (
	crowdPolicy  = "v1"
	crowdJoining = 256 // under way at once
	crowdLimit   = 5 * time.Minute
	crowdClosing = time.Minute // for the sockets to close
	crowdPatient = time.Minute // for a hello: 100,000 on a few cores may have to wait for each other

	// Interests of the crowd: some are everybody's, most hardly anyone's.
	crowdInterests = 2000
	crowdZipf      = 1.1
	crowdEach      = 3
)

// crowdChild is a crowd as a child process.
type crowdChild struct{}

func (crowdChild) answer(ctx context.Context, q question) (answer, error) {
	if q.Ask != "run" {
		return answer{}, errors.New("no such question")
	}
	figures, err := runCrowd(ctx, q.N)
	return answer{Crowd: figures}, err
}

func (crowdChild) close() {}

// runCrowd lets n strangers, an even number, join a hub, rest until each was
// pinged, meet, talk, and be told to go.
func runCrowd(ctx context.Context, n int) (figures *crowdFigures, err error) {
	ctx, cancel := context.WithTimeout(ctx, crowdLimit)
	defer cancel()
	c := &crowd{
		conns:     make(chan net.Conn),
		strangers: make([]stranger, n),
		counts:    make(map[string]int), pairs: make(map[string][]int, n/2), pairOf: make([]string, n),
	}
	c.changed.L = &c.mu
	defer context.AfterFunc(ctx, func() { c.fail(context.Cause(ctx)) })()
	for i := range c.strangers {
		c.strangers[i].init(c, i)
	}
	without, err := settledMemory()
	if err != nil {
		return nil, err
	}
	stop := c.serve()
	defer func() { err = errors.Join(err, stop(context.WithoutCancel(ctx))) }()
	return c.live(ctx, without)
}

// serve starts a hub behind an HTTP server, as the daemon does. stop ends both.
func (c *crowd) serve() (stop func(context.Context) error) {
	c.hub = match.New(match.Options{
		Relay: stubRelay{},
		ICEURLs: func(host string) []string {
			return []string{"turn:" + host + ":3478?transport=udp", "turn:" + host + ":3478?transport=tcp"}
		},
		Addr:   func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Policy: crowdPolicy, Appeal: "/appeal",
		Patience: 3 * time.Second, ResumeGrace: 15 * time.Second, HelloTimeout: crowdPatient, SessionsPerAddress: 32,
	})
	server := &http.Server{Handler: c.hub, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.hub.Run(ctx) })
	running.Go(func() { server.Serve(listener{c.conns}) }) // ends with the channel
	return func(limit context.Context) error {
		limit, done := context.WithTimeout(limit, crowdClosing)
		defer done()
		err := c.hub.Close(limit)
		cancel()
		close(c.conns)
		running.Wait()
		return errors.Join(err, server.Close())
	}
}

// listener accepts what comes over a channel, until that is closed.
type listener struct{ conns chan net.Conn }

func (l listener) Accept() (net.Conn, error) {
	if conn, open := <-l.conns; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return new(net.TCPAddr) }

// live is what happens in the run.
func (c *crowd) live(ctx context.Context, without memory) (*crowdFigures, error) {
	n := len(c.strangers)
	f := &crowdFigures{Sessions: n, Pairs: n / 2, Texts: n}
	interests := rand.NewZipf(rand.New(rand.NewPCG(6, 5)), crowdZipf, 1, crowdInterests-1)
	for _, part := range []func() error{
		func() (err error) {
			f.Join, err = c.step(ctx, "welcome", func(i int) { c.join(ctx, i) })
			return err
		},
		func() error { return c.await("ping", n) },
		func() (err error) { f.Rest, err = c.growth(without); return err },
		func() (err error) {
			f.Match, err = c.step(ctx, "matched", func(i int) { c.strangers[i].find(interests) })
			return err
		},
		c.paired,
		func() (err error) {
			f.Text, err = c.step(ctx, "text", func(i int) { c.strangers[i].talk(c.pair(i)) })
			return err
		},
		func() error { return c.await("sent", n) },
		func() (err error) { f.Paired, err = c.growth(without); return err },
		func() error {
			began := time.Now()
			err := c.hub.Close(ctx)
			f.Close = time.Since(began)
			return err
		},
		func() error { return c.await("close", n) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// join connects a stranger, once enough of those before it are in.
func (c *crowd) join(ctx context.Context, i int) {
	if c.await("welcome", i-crowdJoining) != nil {
		return // the step finds the same
	}
	s := &c.strangers[i]
	s.wire.deliver([]byte(upgradeRequest))
	select {
	case c.conns <- &s.wire:
	case <-ctx.Done():
	}
}

// find looks for a partner.
func (s *stranger) find(interests *rand.Zipf) {
	var list []string
	for range crowdEach {
		list = append(list, `"interest `+strconv.FormatUint(interests.Uint64(), 10)+`"`)
	}
	s.send(`{"type":"find","mode":"video","interests":[` + strings.Join(list, ",") + `]}`)
}

// talk says to the partner who speaks.
func (s *stranger) talk(pair string) {
	s.send(`{"type":"text","pair":"` + pair + `","id":"1","body":"` + strconv.Itoa(s.number) + `"}`)
}

// step does something for each stranger and waits until each got a message of the
// type.
func (c *crowd) step(ctx context.Context, kind string, do func(i int)) (crowdTime, error) {
	began := time.Now()
	before, err := processCPU(os.Getpid())
	if err != nil {
		return crowdTime{}, err
	}
	for i := range c.strangers {
		if ctx.Err() != nil {
			break
		}
		do(i)
	}
	if err := c.await(kind, len(c.strangers)); err != nil {
		return crowdTime{}, err
	}
	took := time.Since(began)
	after, err := processCPU(os.Getpid())
	return crowdTime{took, (after - before) / time.Duration(len(c.strangers))}, err
}
