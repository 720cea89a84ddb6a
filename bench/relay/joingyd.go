package main

import (
	"crypto/rand"
	"errors"
	"net/netip"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/turn"
	"github.com/joingyd/joingyd/turn/xdp"
)

// joingyd is the project's relay in masked mode, given its sockets and options
// as the daemon gives them. This file is the only one that knows package turn.
type joingyd struct {
	relay *turn.Server
	pairs []ident.Pair
}

func startJoingyd(listen netip.AddrPort, offload string) (*joingyd, string, error) {
	opts := turn.Options{
		// A client has an address and a session of its own here, so the limits
		// of one address and one session stay at their defaults.
		Allocations: 200_000,
	}
	rand.Read(opts.Secret[:])
	note := ""
	if offload != "off" {
		mode := xdp.Mode(offload)
		if offload == "xdp" {
			mode = xdp.ModeAuto
		}
		forwarder, err := xdp.Open(xdp.Options{Mode: mode})
		if err != nil {
			return nil, "", err
		}
		opts.Offload = forwarder // it ends with the process
		for _, i := range forwarder.Stats().Interfaces {
			note += "offload on " + i.Name + ", " + string(i.Mode) + " "
		}
	}
	relay, err := turn.New(opts)
	if err != nil {
		return nil, "", err
	}
	return &joingyd{relay: relay}, note, relay.ListenUDP(listen.String())
}

func (j *joingyd) sessions(sources []netip.Addr) ([]credential, error) {
	if len(sources)%2 != 0 {
		return nil, errors.New("an odd number of sources")
	}
	list := make([]credential, len(sources))
	ids := make([]ident.Session, len(sources))
	for i, source := range sources {
		ids[i] = ident.NewSession()
		c := j.relay.Admit(ids[i], source)
		list[i] = credential{c.Username, c.Password}
		if i%2 == 0 {
			continue
		}
		pair := ident.NewPair()
		if err := j.relay.Join(pair, ids[i-1], ids[i]); err != nil {
			return nil, err
		}
		j.pairs = append(j.pairs, pair)
	}
	return list, nil
}

func (j *joingyd) part(pair int) error {
	if pair < 0 || pair >= len(j.pairs) {
		return errors.New("no such pair")
	}
	j.relay.Part(j.pairs[pair])
	return nil
}

func (j *joingyd) stats() map[string]uint64 {
	s := j.relay.Stats()
	stats := map[string]uint64{"allocations": uint64(s.Allocations), "packets": s.Packets}
	for reason, n := range s.Drops {
		if n > 0 {
			stats["drop_"+string(reason)] = n
		}
	}
	return stats
}
