package main

import (
	"fmt"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/turn"
)

// openRelay makes the relay. On a node that has none it stays without sockets.
func (d *daemon) openRelay() error {
	secret, err := config.LoadOrCreateSecret(config.SecretPath(d.cfg.DataDir, relaySecretFile))
	if err != nil {
		return err
	}
	open, err := openRelay(d.cfg.TURN)
	if err != nil {
		return err
	}
	offload, err := d.openOffload()
	if err != nil {
		return err
	}
	options := turn.Options{
		Open:                   open,
		Offload:                offload,
		Secret:                 secret,
		Realm:                  d.cfg.TURN.Realm,
		CredentialLifetime:     d.cfg.TURN.CredentialLifetime,
		BandwidthPerAllocation: d.cfg.TURN.BandwidthPerAllocation,
		Bandwidth:              d.cfg.TURN.Bandwidth,
		Refused:                d.refused,
		Allocated:              d.allocated(),
		Logger:                 d.log,
	}
	if err := d.sharedRelay(&options); err != nil {
		return err
	}
	if d.relay, err = turn.New(options); err != nil {
		return err
	}
	d.drain = newDrainer(d.relay)
	d.closers = append(d.closers, d.relay.Close)
	d.relay.Limit(relayLimits(d.cfg.TURN))
	return nil
}

// listenRelay opens the relay's sockets: after the daemon is one of the nodes, so that these
// hear of all that happens there.
func (d *daemon) listenRelay() error {
	for _, listen := range d.cfg.TURNListen() {
		for _, transport := range d.cfg.TURN.Transports {
			if err := d.listenTURN(transport, listen); err != nil && !lacksIPv6(listen, err) {
				return fmt.Errorf("turn.listen: %w; is another TURN server running? choose another with --turn-listen", err)
			}
		}
	}
	return nil
}

func (d *daemon) listenTURN(transport, listen string) error {
	if transport == "udp" {
		return d.relay.ListenUDP(listen)
	}
	listener, err := d.sockets.Listen("turn.listen", listen)
	if err != nil {
		return err
	}
	return d.relay.ServeStream("tcp", listener)
}
