package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/joingyd/joingyd/check"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/setup"
)

const (
	serviceUnit = "joingyd.service"

	certificateTime  = 2 * time.Minute // for the authority to give one
	certificatePause = time.Second     // between two looks
	nameTime         = 5 * time.Second

	listenTime  = 15 * time.Second // for the daemon to start
	listenPause = 100 * time.Millisecond
)

// printNames says what is wrong with where the names point.
func printNames(ctx context.Context, p *printer, s setUp) {
	names := []string{s.config.TURN.PublicHost}
	if s.answers.TLS != setup.Proxy && s.answers.Domain != s.config.TURN.PublicHost {
		names = append(names, s.answers.Domain)
	}
	own, err := ownAddrs()
	if err != nil {
		return // then nothing can be compared
	}
	for _, name := range names {
		ctx, cancel := context.WithTimeout(ctx, nameTime)
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		cancel()
		if addr, addrErr := netip.ParseAddr(name); addrErr == nil {
			found = []netip.Addr{addr}
		} else if missing := (*net.DNSError)(nil); err != nil && (!errors.As(err, &missing) || !missing.IsNotFound) {
			p.printf("\nwarning: %s cannot be looked up: %v\n", name, err)
			continue
		}
		if problem := setup.NamePoints(name, found, own); problem != "" {
			p.printf("\nwarning: %s\n", problem)
		}
	}
}

// start restarts the service, where systemd runs one with this file, and else says
// how to start the daemon. It reports whether the daemon runs with the file now.
func (s setUp) start(ctx context.Context, p *printer, restart bool) (running bool, err error) {
	unit, err := exec.CommandContext(ctx, "systemctl", "cat", "--no-pager", serviceUnit).Output()
	if err != nil || !bytes.Contains(unit, []byte(s.path)) {
		printTaken(p, s.config)
		p.printf("\nStart the daemon with it:\n  joingyd serve --config %s\n", s.path)
		return false, nil
	}
	held, moved, err := holdPorts(ctx, p, s.config)
	if err != nil {
		return false, fmt.Errorf("%s is written, but not what systemd listens on (joingyd config sockets): %w", s.path, err)
	}
	steps := [][]string{{"restart", serviceUnit}}
	if moved {
		steps = [][]string{{"daemon-reload"}, {"stop", serviceUnit, socketUnit}, {"start", socketUnit, serviceUnit}}
	}
	if !restart {
		p.printf("\nIt counts from the next start on:\n")
		for _, step := range steps {
			p.printf("  systemctl %s\n", strings.Join(step, " "))
		}
		return false, nil
	}
	if !s.changed && !moved && exec.CommandContext(ctx, "systemctl", "is-active", "--quiet", serviceUnit).Run() == nil {
		return true, nil
	}
	if held && !moved { // one that failed holds nothing
		steps = append([][]string{{"start", socketUnit}}, steps...)
	}
	for _, step := range steps {
		out, err := exec.CommandContext(ctx, "systemctl", step...).CombinedOutput()
		if err == nil {
			continue
		}
		printTaken(p, s.config)
		return false, fmt.Errorf("%s is written, but the service does not start with it: %s; journalctl -u joingyd -n 20 says why, and %s.bak is the file that was there before", s.path, strings.TrimSpace(string(out)+" "+err.Error()), s.path)
	}
	p.printf("\nThe service was restarted.\n")
	return true, nil
}

// printTaken names the ports that another program has.
func printTaken(p *printer, c config.Config) {
	for _, port := range setup.Ports(c) {
		host := ""
		if port.Addr.IsValid() {
			host = port.Addr.String()
		}
		listener, err := listenOnce(port.Network, net.JoinHostPort(host, fmt.Sprint(port.First)))
		if err == nil {
			listener.Close()
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			p.printf("\nwarning: %s is in use (ss -lntup says by whom): end that program, unless it is joingyd itself\n", port)
		}
	}
}

func listenOnce(network, addr string) (io.Closer, error) {
	if network == "udp" {
		return net.ListenPacket(network, addr)
	}
	return net.Listen(network, addr)
}

// try waits for the daemon and its certificate, and tries the site as a visitor would.
func (s setUp) try(ctx context.Context, w io.Writer) error {
	p := &printer{w: w}
	awaitListener(ctx, s.config.HTTPListen()[0])
	if s.answers.TLS == setup.ACME {
		p.printf("\nWaiting for the certificate of %s …\n", s.answers.Domain)
		if err := awaitCertificate(ctx, s.config.TLS.Listen, s.answers.Domain); err != nil {
			p.printf("It is not there yet (%v): joingyd status shows what the authority says, and the daemon goes on trying.\n", err)
		}
	}
	target := check.Target{Insecure: s.answers.TLS == setup.SelfSigned || s.answers.TLS == setup.None}
	var err error
	if target.Host, err = check.ParseHost(s.answers.URL(s.config)); err != nil {
		return err
	}
	p.printf("\n$ joingyd check %s\n", s.answers.URL(s.config))
	if p.err != nil {
		return p.err
	}
	if err := printReport(w, check.Run(ctx, target)); err != nil {
		return err
	}
	p.printf("\nNext: run this check from another machine, for only from there the firewall shows; adapt rules and privacy policy\n(joingyd site pages DIR); let others ban (usermod -a -G joingyd NAME); make backups (joingyd backup FILE).\n")
	return p.err
}

// waitFor looks every pause until it finds what it looks for, or ctx ends: then it returns why
// the last look found nothing.
func waitFor(ctx context.Context, pause time.Duration, look func() error) error {
	for {
		err := look()
		if err == nil {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

// awaitListener waits until the daemon listens, or for listenTime: then the check
// says what is missing.
func awaitListener(ctx context.Context, listen string) {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	_ = waitFor(ctx, listenPause, func() error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", fromHere(listen))
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// fromHere is where this machine reaches a listener.
func fromHere(listen string) string {
	host, port, _ := net.SplitHostPort(listen) // validated by config
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// awaitCertificate waits until the daemon shows a certificate for the domain that it
// did not sign itself.
func awaitCertificate(ctx context.Context, listen, domain string) error {
	ctx, cancel := context.WithTimeout(ctx, certificateTime)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: domain, InsecureSkipVerify: true}} //nolint:gosec // who signed it is asked below
	return waitFor(ctx, certificatePause, func() error {
		conn, err := dialer.DialContext(ctx, "tcp", fromHere(listen))
		if err != nil {
			return err
		}
		leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
		conn.Close()
		if leaf.VerifyHostname(domain) != nil || bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			return errors.New("it shows one that it made itself")
		}
		return nil
	})
}
