// Package check tries a site from outside, as a visitor's browser would, and
// says what to do about what does not work.
//
//	host ─▶ http ─┬─▶ dns, ready, tls
//	              └─▶ websocket ─▶ ice ─▶ stun ─▶ allocate ─▶ relay
//	                                  (each ICE URL)     (each pair of transports)
//
// Steps that do not need each other run at once, each bounded by Target.Timeout.
// A step that needs another which failed is skipped, so that one fault has one
// remedy. Nothing is left behind: the allocations are deleted and the session
// says goodbye.
//
// A certificate is judged by a step of its own, and no other verifies it: one
// bad certificate must not hide what is wrong besides. Nothing secret is sent.
package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// DefaultTimeout bounds a step, unless Target says otherwise.
const DefaultTimeout = 5 * time.Second

// Target is what to check, and how. Only Host is required.
type Target struct {
	Host     Host
	Timeout  time.Duration  // of each step; DefaultTimeout if 0
	Insecure bool           // what browsers hold against a certificate is a warning
	Roots    *x509.CertPool // whom to trust; nil: the system's
}

// Report is what was found. Its JSON form is stable: fields and step names are
// added, never changed.
type Report struct {
	Target string `json:"target"` // URL of the site
	OK     bool   `json:"ok"`     // no step failed
	Steps  []Step `json:"steps"`
}

// Run checks the target. It ends early, with failures, when ctx does.
func Run(ctx context.Context, target Target) Report {
	c := newChecker(target)
	found := c.findSite(ctx)
	steps := concurrently(
		func() []Step { return []Step{c.dns(ctx)} },
		func() []Step { return []Step{found} },
		func() []Step { return []Step{c.ready(ctx, found)} },
		func() []Step { return []Step{c.tls(ctx)} },
		func() []Step { return c.visit(ctx, found) },
	)
	report := Report{Target: c.site.String(), OK: true, Steps: steps}
	for _, s := range steps {
		report.OK = report.OK && s.Status != Failed
	}
	return report
}

// checker is one run.
type checker struct {
	Target
	site *url.URL // scheme and host; set by findSite
	http *http.Client
}

func newChecker(target Target) *checker {
	if target.Timeout == 0 {
		target.Timeout = DefaultTimeout
	}
	c := &checker{Target: target, site: target.Host.all()[0]}
	c.http = &http.Client{Transport: &http.Transport{TLSClientConfig: unverified(""), DisableKeepAlives: true}}
	return c
}

// bounded is ctx for one step.
func (c *checker) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.Timeout)
}

// unverified takes any certificate: the tls step judges it.
func unverified(host string) *tls.Config {
	return &tls.Config{ServerName: host, InsecureSkipVerify: true} //nolint:gosec // see the package comment
}

// concurrently runs the parts and puts together what they return, in their order.
func concurrently(parts ...func() []Step) (steps []Step) {
	results := make([][]Step, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() { results[i] = part() })
	}
	running.Wait()
	for _, result := range results {
		steps = append(steps, result...)
	}
	return steps
}
