package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

var errSpeaksTLS = errors.New("https is spoken there, not http")

// findSite finds which of the URLs that the host may mean is the site, and how
// it does. Redirects are followed, as a browser does: what they lead to is the
// site.
func (c *checker) findSite(ctx context.Context) Step {
	var tried []string
	var errs []error
	for _, candidate := range c.Host.all() {
		start := time.Now()
		a, err := c.get(ctx, candidate.JoinPath("/healthz"))
		if err == nil && a.status == http.StatusBadRequest && candidate.Scheme == "http" && strings.Contains(a.body, "HTTPS") {
			err = errSpeaksTLS
		}
		if err != nil {
			errs = append(errs, err)
			tried = append(tried, fmt.Sprintf("%s: %s", candidate, c.plain(err)))
			continue
		}
		c.site = &url.URL{Scheme: a.from.Scheme, Host: a.from.Host}
		detail := fmt.Sprintf("%s/healthz: %d in %s", c.site, a.status, since(start))
		if *c.site != *candidate {
			detail += ", redirected from " + candidate.String()
		}
		return judgeHealth(a, strings.Join(append([]string{detail}, tried...), "; "))
	}
	return c.noSite(errs, strings.Join(tried, "; "))
}

// noSite blames the likeliest of the URLs that did not answer: on its defaults
// the daemon of a host without a name is the last.
func (c *checker) noSite(errs []error, detail string) Step {
	likeliest := 0
	if isLocal(c.site.Hostname()) {
		likeliest = len(errs) - 1
	}
	c.site = c.Host.all()[likeliest]
	err := errs[likeliest]
	if causeOf(err) == causeOther {
		return failed(stepHTTP, detail, "Nothing there speaks the protocol asked for. Give the scheme and the port that the site has, such as https://chat.example.org.")
	}
	return failed(stepHTTP, detail, portRemedy("tcp", portOf(c.site), err))
}

func judgeHealth(a answer, detail string) Step {
	switch {
	case a.status == http.StatusOK && a.body == "ok":
		return ok(stepHTTP, detail)
	case isGateway(a.status):
		return failed(stepHTTP, detail, proxyRemedy)
	}
	return failed(stepHTTP, detail+": "+excerpt(a.body), "Something else than joingyd answers. Give the host and port that the site has, and let the proxy before joingyd pass every path to it.")
}

// isGateway reports whether a status is that of a proxy without a server behind.
func isGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// proxyRemedy is for a gateway's own error.
const proxyRemedy = "A proxy answers, but does not reach joingyd behind it. See that joingyd runs (systemctl status joingyd) and that the proxy forwards to the address in http.listen."

// ready asks the daemon itself.
func (c *checker) ready(ctx context.Context, found Step) Step {
	if found.Status == Failed {
		return skipped(stepReady, "needs http")
	}
	a, err := c.get(ctx, c.site.JoinPath("/readyz"))
	switch {
	case err != nil:
		return failed(stepReady, c.plain(err), "The daemon answered a moment ago. See its log: journalctl -u joingyd.")
	case a.status != http.StatusOK:
		return failed(stepReady, fmt.Sprintf("%d %s", a.status, excerpt(a.body)), "The daemon says itself that it cannot serve, and why. See also its log: journalctl -u joingyd.")
	}
	if _, lacks, _ := strings.Cut(strings.TrimSpace(a.body), "\n"); lacks != "" {
		return ok(stepReady, "the daemon can serve, but: "+excerpt(lacks))
	}
	return ok(stepReady, "the daemon can serve")
}

// answer is an HTTP response.
type answer struct {
	status int
	body   string   // its start
	from   *url.URL // where redirects led
}

// get fetches a URL and follows redirects.
func (c *checker) get(ctx context.Context, u *url.URL) (a answer, err error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return a, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	return answer{response.StatusCode, strings.TrimSpace(string(data)), response.Request.URL}, err
}
