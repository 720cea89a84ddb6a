package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/joingyd/joingyd/client"
)

// Names of the steps from the install to the first call.
const (
	stepInstall = "apt install"
	stepSetup   = "joingyd setup"
	stepCall    = "call"
)

// site is the package on its machine, and who visits it.
type site struct {
	root, oldDeb, newDeb string

	machine   *machine
	authority *authority
	before    listing // of the machine, without the package
	visitors  []*visitor
	said      []string // by visitors to each other

	own          peer
	peers        []peer
	interruption string
}

func (s *site) steps() []step {
	return []step{
		{stepInstall, s.install},
		{"service is active, for this machine alone", s.closed},
		{stepSetup, s.setUp},
		{stepCall, s.firstCall},
		{"systemctl reload", s.reload},
		{"certificate is replaced", s.rotate},
		{"ban", s.ban},
		{"upgrade under a live call", s.upgrade},
		{"ban holds", s.banHolds},
		{"watchdog", s.watchdog},
		{"an operator's commands", s.operate},
		{"hardening", s.hardening},
		{"started without its sockets", s.socketless},
		{"backup and restore", s.restore},
		{"journal has nobody in it", s.journal},
		{"apt remove", s.remove},
		{"apt install again", s.returns},
		{"stopped and disabled stays so on an upgrade", s.staysOff},
		{"apt purge", s.purge},
		{"apt install after purge", s.again},
		{"beside other packages", s.compare},
		{"apt purge at once", s.purge},
	}
}

// aptInstall asks nothing: where the package's settings changed, those that setup wrote stay.
const aptInstall = "apt-get install -y -q -o Dpkg::Options::=--force-confold "

// In the machine.
const (
	admin    = "alice" // who may ban without being root
	oldDeb   = "/root/old.deb"
	newDeb   = "/root/new.deb"
	certFile = "/etc/joingyd/chat.crt"
	keyFile  = "/etc/joingyd/chat.key"
	settings = "/etc/joingyd/joingyd.yaml"
)

// prepare puts what the machine has before it boots into its root.
func (s *site) prepare() (err error) {
	if s.authority, err = newAuthority(); err != nil {
		return err
	}
	for from, to := range map[string]string{s.oldDeb: oldDeb, s.newDeb: newDeb} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.root, to), data, 0o644); err != nil {
			return err
		}
	}
	if err := s.trust(); err != nil {
		return err
	}
	return nameSite(s.root)
}

// trust has the machine know the authority, as update-ca-certificates does within seconds.
func (s *site) trust() (err error) {
	known, err := os.OpenFile(filepath.Join(s.root, "etc/ssl/certs/ca-certificates.crt"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, known.Close()) }()
	_, err = known.WriteString(encode("CERTIFICATE", s.authority.cert.Raw))
	return err
}

func (s *site) boot(ctx context.Context) (_ string, err error) {
	if s.machine, err = startMachine(ctx, s.root); err != nil {
		return "", err
	}
	if err := s.machine.connect(); err != nil {
		return "", err
	}
	if _, err := s.machine.run(ctx, "useradd "+admin); err != nil {
		return "", err
	}
	if s.before, err = s.machine.list(ctx); err != nil {
		return "", err
	}
	return s.machine.run(ctx, `. /etc/os-release && printf %s "$PRETTY_NAME, $(systemctl --version | head -n 1), $(systemctl is-system-running)"`)
}

// page fetches one of the site's pages from outside.
func (s *site) page(ctx context.Context, path string) (string, error) {
	return fetch(ctx, httpClient(addrA, s.authority.trusted()), "https://"+domain+path)
}

func fetch(ctx context.Context, c *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, response.Status)
	}
	return string(body), err
}

// shown returns the serial number of the certificate that visitors are shown.
func (s *site) shown(ctx context.Context) (int64, error) {
	dialer := tls.Dialer{Config: s.authority.trusted()}
	conn, err := dialer.DialContext(ctx, "tcp", domain+":443")
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

// options are those of somebody who comes from one of the addresses.
func (s *site) options(who int) client.Options {
	return client.Options{URL: "https://" + domain, TLS: s.authority.trusted(), LocalAddr: strangers[who]}
}

// callers returns the two who call.
func (s *site) callers() (a, b *visitor, err error) {
	if len(s.visitors) < 2 {
		return nil, nil, errors.New("there is no call")
	}
	return s.visitors[0], s.visitors[1], nil
}

// chat has one of the two say something, and notes that it was said.
func (s *site) chat(ctx context.Context) error {
	a, b, err := s.callers()
	if err != nil {
		return err
	}
	for _, way := range [][2]*visitor{{a, b}, {b, a}} {
		body := fmt.Sprintf("canary-%d-zebrafish", len(s.said))
		s.said = append(s.said, body)
		if err := way[0].say(ctx, way[1], body); err != nil {
			return err
		}
	}
	return nil
}

// contains has an error if a text lacks a part.
func contains(text string, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("no %q in what ends with:\n%s", part, text[max(0, len(text)-2000):])
		}
	}
	return nil
}
