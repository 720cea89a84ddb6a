package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// renewBefore is when a certificate should have been renewed, or a sixth of its
// lifetime before its end if that is later.
const renewBefore = 14 * 24 * time.Hour

// tls judges the site's certificate, or that there is none.
func (c *checker) tls(ctx context.Context) Step {
	host := c.site.Hostname()
	if c.site.Scheme == "http" {
		if isThisMachine(host) {
			return skipped(stepTLS, "plain http; browsers allow a camera on localhost")
		}
		return c.held(Step{stepTLS, Failed, "plain http: browsers give no camera to it, so there is no video",
			"Serve the site over https: give joingyd a certificate (tls.listen), or a proxy before it; on a LAN --tls-self-signed will do. If there is https already, check that URL."})
	}
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	dialer := tls.Dialer{Config: unverified(host)}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, portOf(c.site)))
	if err != nil {
		remedy := portRemedy("tcp", portOf(c.site), err)
		if causeOf(err) == causeOther {
			remedy = "Let the port serve https, with a certificate for " + host + "."
		}
		return failed(stepTLS, c.plain(err), remedy)
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	return c.held(c.judge(stepTLS, host, state.PeerCertificates, time.Now(), true))
}

// held makes a failure a warning for who said so with Insecure.
func (c *checker) held(s Step) Step {
	if s.Status == Failed && c.Insecure {
		s.Status = Warning
	}
	return s
}

// judge says what a browser thinks of the certificates that a server shows.
// Where visitors can click through a browser's warning, so can a self-signed one.
func (c *checker) judge(name, host string, chain []*x509.Certificate, now time.Time, clickable bool) Step {
	leaf := chain[0]
	detail := fmt.Sprintf("%s by %s, %s until %s", subject(leaf), issuer(leaf), leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly))
	left := leaf.NotAfter.Sub(now)
	switch {
	case left <= 0:
		return failed(name, detail+": expired", fmt.Sprintf("Renew the certificate, and see why that did not happen by itself. If it looks wrong: this machine's clock says %s.", clock(now)))
	case now.Before(leaf.NotBefore):
		return failed(name, detail+": not valid yet", fmt.Sprintf("Set the clock: this machine's says %s. If it is right, the certificate was made on a machine whose clock is not.", clock(now)))
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return failed(name, detail+": not for "+host, fmt.Sprintf("Get a certificate for %s, or visit the site under a name that it has.", host))
	}
	err := c.verify(chain, now)
	switch {
	case err != nil && selfSigned(leaf) && clickable:
		return warning(name, detail+": self-signed", "Visitors must click through their browser's warning. That does for a LAN; for the public, get a certificate from an authority such as Let's Encrypt, in joingyd or in the proxy before it.")
	case err != nil && selfSigned(leaf):
		return failed(name, detail+": self-signed", "Browsers never use a relay over TLS with a self-signed certificate. Get one from an authority such as Let's Encrypt.")
	case err != nil:
		return failed(name, detail+": "+distrust(err), "Serve the whole chain (fullchain.pem), not the certificate alone; if it is whole, its authority is one that browsers do not know.")
	}
	detail += fmt.Sprintf(", %d days left", int(left.Hours()/24))
	if left < min(renewBefore, leaf.NotAfter.Sub(leaf.NotBefore)/6) {
		return warning(name, detail, "It should have been renewed by now: see why that does not happen by itself.")
	}
	return ok(name, detail)
}

func (c *checker) verify(chain []*x509.Certificate, now time.Time) error {
	between := x509.NewCertPool()
	for _, above := range chain[1:] {
		between.AddCert(above)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: c.Roots, Intermediates: between, CurrentTime: now})
	return err
}

func selfSigned(leaf *x509.Certificate) bool {
	return leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
}

func distrust(err error) string {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return "signed by an authority that this machine does not know"
	}
	return err.Error()
}

func clock(now time.Time) string { return now.UTC().Format("2006-01-02 15:04 UTC") }

// subject and issuer name a certificate and who signed it.
func subject(leaf *x509.Certificate) string {
	if len(leaf.DNSNames) > 0 {
		return excerpt(leaf.DNSNames[0])
	}
	return excerpt(leaf.Subject.String())
}

func issuer(leaf *x509.Certificate) string {
	if len(leaf.Issuer.Organization) > 0 {
		return excerpt(leaf.Issuer.Organization[0])
	}
	return excerpt(leaf.Issuer.String())
}
