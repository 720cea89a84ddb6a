package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/internal/systemd"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/turn"
)

// reloads takes over the settings when it is told to. It returns when ctx ends.
func (d *daemon) reloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.hangUp:
		}
		d.tell(systemd.Reloading())
		if err := d.reload(); err != nil {
			d.log.Error("not reloaded, and the settings before go on", "error", err)
		}
		d.tell(systemd.Ready(d.statusLine()))
	}
}

// reload reads the settings anew, and the files that they name, and takes over what it
// can: all of that, or nothing. What is wrong with them is the error. It is called by
// one goroutine.
func (d *daemon) reload() error {
	next, err := d.load()
	if err != nil {
		return err
	}
	merged, applied, waiting, err := d.current().Reload(next)
	if err != nil {
		return fmt.Errorf("%w; restart the daemon for all of it", err)
	}
	take, err := d.prepare(merged)
	if err != nil {
		return err
	}
	take()
	d.log.Info("reloaded", "changed", cmp.Or(strings.Join(applied, ", "), "nothing"))
	if len(waiting) > 0 {
		d.log.Warn("settings have changed that need a restart", "keys", strings.Join(waiting, ", "))
	}
	return nil
}

// current are the settings that hold: those of the start, with what was taken over since.
func (d *daemon) current() config.Config {
	if settings := d.settings.Load(); settings != nil {
		return *settings
	}
	return d.cfg // newDaemonIn has not come to that
}

// prepare makes what the settings want, and returns what puts it in the place of what is
// there. Each part changes by itself: a visitor may meet one of before and one of after.
func (d *daemon) prepare(cfg config.Config) (take func(), err error) {
	filter, err := openFilter(cfg.Filter)
	if err != nil {
		return nil, err
	}
	terms, err := banTerms(cfg.Bans)
	if err != nil {
		return nil, err
	}
	open, err := openRelay(cfg.TURN)
	if err != nil {
		return nil, err
	}
	pages, policy, err := d.pagesWith(cfg)
	if err != nil {
		return nil, err
	}
	var clients clientAddr
	if err := clients.change(cfg.HTTP); err != nil {
		return nil, err
	}
	if open != nil { // the last that can fail, and takes itself over
		if err := d.relay.Admitting(open.Users, open.Secrets); err != nil {
			return nil, fmt.Errorf("turn.secret_files: %w", err)
		}
	}
	return func() {
		d.settings.Store(&cfg)
		if d.level != nil {
			d.level.Set(logLevel(cfg.Log))
		}
		d.shown.set(cfg.Log.Addresses)
		d.clients.now.Store(clients.now.Load())
		d.relay.Limit(relayLimits(cfg.TURN))
		d.traffic.SetLimit(uint64(cfg.TURN.TrafficPerMonth))
		d.hub.Change(liveMatch(cfg, policy, filter))
		d.service.SetTerms(terms)
		d.pages.Store(&pages)
	}, nil
}

// pagesWith makes the site anew, and the version of what visitors agree to. What parts
// of the daemon say there, which only a restart changes, stays.
func (d *daemon) pagesWith(cfg config.Config) (pages http.Handler, policy string, err error) {
	options, err := siteOptions(cfg.Site)
	if err != nil {
		return nil, "", err
	}
	options.Policy += d.agreed
	options.Age, options.Stills, options.Classifier = d.site.Age, d.site.Stills, d.site.Classifier
	options.IPLogDays, options.IPLogRest = d.site.IPLogDays, d.site.IPLogRest
	pages, err = d.newPages(options, cfg)
	return pages, options.Policy, err
}

// liveMatch is what the matchmaker takes over of the settings.
func liveMatch(c config.Config, policy string, filter match.Filter) match.Live {
	return match.Live{
		Policy: policy, Origins: c.HTTP.AllowOrigins, Absent: c.HTTP.AllowNoOrigin,
		Sessions: c.Match.Sessions, SessionsPerAddress: c.Match.PerAddress,
		SessionsPerAddressMax: cmp.Or(c.Match.PerAddressMax, 4*c.Match.PerAddress),
		Filter:                filter,
	}
}

// relayLimits is what the relay does.
func relayLimits(c config.TURN) turn.Limits {
	return turn.Limits{AllocationsPerSession: c.AllocationsPerSession, AllocationsPerSource: c.AllocationsPerAddress, Allocations: c.Allocations}
}

// banTerms is what the control API does.
func banTerms(c config.Bans) (terms admin.Terms, err error) {
	options, err := adminOptions(c)
	if err != nil {
		return terms, err
	}
	return admin.Terms{DefaultFor: options.DefaultFor, Steps: options.Steps, SharedFor: options.SharedFor, Shared: options.Shared}, nil
}
