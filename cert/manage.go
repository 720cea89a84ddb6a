package cert

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"
)

// Run serves what is stored, obtains what is missing, and has what ends soon
// renewed, until ctx ends; then it waits for its goroutines and returns nil. A CA
// that does not answer is tried again after 1, 2, 2, 5, 10 minutes and so on, up to
// every 6 hours; for renewals too, which begin a third of a certificate's life, or
// what the CA asks for (RFC 9773), before its end.
func (a *ACMESource) Run(ctx context.Context) error {
	var domains sync.WaitGroup
	for _, domain := range a.domains {
		domains.Go(func() { a.manage(ctx, domain) })
	}
	domains.Wait()
	<-ctx.Done()
	return nil
}

// Retry has each missing certificate tried for again at once, for an operator who
// has mended what was in the way. Renewals keep their own time.
func (a *ACMESource) Retry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.retry()
	a.again, a.retry = context.WithCancel(context.Background())
}

// Close ends the renewals. What is served stays. Call it when Run has returned. A
// request to a CA that does not answer may outlast it, but not 2 minutes: Close
// waits 5 seconds for it.
func (a *ACMESource) Close() error {
	a.closing.Do(func() {
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			a.cache.Stop()
		}()
		timer := time.NewTimer(closeTime)
		defer timer.Stop()
		select {
		case <-stopped:
		case <-timer.C:
		}
	})
	return nil
}

// manage returns when there is a certificate for the domain, which is then renewed
// by certmagic's cache, or when ctx ends.
func (a *ACMESource) manage(ctx context.Context, domain string) {
	for {
		a.mu.Lock()
		again := a.again
		a.mu.Unlock()
		err := a.hold(ctx, domain, again)
		if err == nil || ctx.Err() != nil {
			return
		}
		if again.Err() != nil {
			continue
		}
		a.log.Error("no certificate can be obtained; is the domain's address this machine's, and does the CA reach its port?",
			"domain", domain, "error", err, "retrying_in", gaveUpPause)
		timer := time.NewTimer(gaveUpPause)
		select {
		case <-ctx.Done():
		case <-again.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// hold loads the domain's certificate, or tries to obtain one until again ends
// or certmagic gives up.
func (a *ACMESource) hold(ctx context.Context, domain string, again context.Context) error {
	cached, err := a.load(ctx, domain)
	if err == nil {
		a.log.Info("certificate loaded", "domain", domain, "expires", cached.Leaf.NotAfter)
		if !cached.NeedsRenewal(a.config) {
			return nil
		}
		return a.cache.RenewManagedCertificates(ctx) // or wait for the first of its checks
	}
	switch {
	case errors.Is(err, errDamaged):
		if err := a.setAside(domain, err); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	a.log.Warn("no certificate yet: a self-signed one is shown, and browsers warn of it, until the CA gives one",
		"domain", domain, "ca", a.issuer.CA)
	obtaining, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(again, cancel)
	defer stop()
	if err := a.config.ObtainCertAsync(obtaining, domain); err != nil {
		return err
	}
	_, err = a.load(ctx, domain)
	return err
}
