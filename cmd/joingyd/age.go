package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/moderate/agepass"
	"github.com/joingyd/joingyd/web"
)

// proofs is how visitors prove their age.
type proofs struct {
	gate    *agepass.Gate
	signer  *agepass.Signer
	checker *agepass.Checker
	keys    atomic.Pointer[[]agepass.Key] // that the signer has
}

// openAge makes what asks for proof of age, if it is required.
func (d *daemon) openAge() error {
	settings := d.cfg.Age
	if settings.Required == "off" || !d.hasVisitors() {
		return nil
	}
	secrets, err := config.LoadOrCreateSecrets(config.SecretPath(d.cfg.DataDir, ageKeyFile))
	if err != nil {
		return err
	}
	origin, err := url.Parse(settings.Origin)
	if err != nil {
		return fmt.Errorf("age.origin: %w", err)
	}
	page, err := url.Parse(settings.Page)
	if err != nil {
		return fmt.Errorf("age.page: %w", err)
	}
	signer, err := agepass.NewSigner(agepass.Options{Keys: passKeys(secrets), Audience: origin.Hostname(), Lifetime: settings.PassLifetime})
	if err != nil {
		return fmt.Errorf("age: %w", err)
	}
	token, err := tokenFrom("age.token_file", settings.TokenFile)
	if err != nil {
		return err
	}
	checker, err := agepass.NewChecker(agepass.CheckerOptions{URL: settings.Check, Token: token})
	if err != nil {
		return fmt.Errorf("age.check: %w", err)
	}
	gate, err := agepass.NewGate(signer, checker, settings.Page, settings.Origin+"/age")
	if err != nil {
		return fmt.Errorf("age: %w", err)
	}
	d.proofs = &proofs{gate: gate, signer: signer, checker: checker}
	keys := passKeys(secrets)
	d.proofs.keys.Store(&keys)
	// What the pages say is another thing now, so everybody is asked for consent again.
	d.site.Age = &web.Age{Text: settings.Required == "all", Checker: page.Hostname()}
	d.alsoAgreed("+age")
	return nil
}

// age is how the matchmaker asks for proof of age, if it does.
func (d *daemon) age() match.Age {
	if d.proofs == nil {
		return match.Age{}
	}
	gate := d.proofs.gate
	return match.Age{
		Video: true, Text: d.site.Age.Text,
		Challenge: func(now time.Time) any { return gate.Challenge(now) },
		Admit:     func(answer json.RawMessage, now time.Time) error { return gate.Admit(answer, now) },
	}
}

// checkOutcomes is what becomes of a question to the age checker.
func checkOutcomes() []string { return []string{"adult", "minor", "refused", "failed", "busy"} }

func (d *daemon) ageMetrics() metrics.Age {
	age := metrics.Age{Passes: d.hub.Stats().Passes}
	if d.proofs != nil {
		s := d.proofs.checker.Stats()
		age.Checks = map[string]uint64{"adult": s.Adult, "minor": s.Minor, "refused": s.Refused, "failed": s.Failed, "busy": s.Busy}
	}
	return age
}

// passKeys are the secrets of a file as who signs passes wants them.
func passKeys(secrets [][config.SecretSize]byte) (keys []agepass.Key) {
	for _, secret := range secrets {
		keys = append(keys, secret)
	}
	return keys
}

// ring is the keys that sign proofs of age, of which a file tells all.
func (p *proofs) ring(path string) admin.KeyRing {
	return fileRing{path: path, keep: passTime, use: func(secrets [][config.SecretSize]byte) error {
		keys := passKeys(secrets)
		if err := p.signer.UseKeys(keys); err != nil {
			return err
		}
		p.keys.Store(&keys)
		return nil
	}}
}
