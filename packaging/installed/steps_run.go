package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/client"
)

// ban ends a session, and leaves the two who call alone.
func (s *site) ban(ctx context.Context) (string, error) {
	return s.sameCall(ctx, func() error {
		v, err := startVisitor(ctx, s.options(2))
		if err != nil {
			return err
		}
		defer v.leave()
		if _, err := s.machine.run(ctx, "joingyd ban "+addrBanned.String()+" --for 1h --reason testing"); err != nil {
			return err
		}
		return until(ctx, func() error {
			l, _ := v.look()
			if _, banned := errors.AsType[*client.BannedError](l.ended); !banned {
				return fmt.Errorf("the banned visitor's session ended with %v", l.ended)
			}
			return nil
		})
	})
}

// banHolds has the banned visitor try again.
func (s *site) banHolds(ctx context.Context) (string, error) {
	v, err := startVisitor(ctx, s.options(2))
	if err == nil {
		v.leave()
		return "", errors.New("the banned visitor gets in")
	}
	if !strings.Contains(err.Error(), "banned") && !strings.Contains(err.Error(), "403") {
		return "", err
	}
	return "", nil
}

// upgrade installs the newer package while two call each other and others come.
func (s *site) upgrade(ctx context.Context) (string, error) {
	a, b, err := s.callers()
	if err != nil {
		return "", err
	}
	was, err := s.machine.show(ctx, "joingyd.service", "MainPID")
	if err != nil {
		return "", err
	}
	k := keepKnocking(s.authority.trusted())
	defer k.end()
	began := time.Now()
	var silent time.Duration // the longest time that one of them heard nothing
	var apt error
	var installing sync.WaitGroup
	installing.Go(func() { _, apt = s.machine.run(ctx, aptInstall+newDeb) })
	a.listen()
	b.listen()
	err = until(ctx, func() error {
		now, err := s.machine.show(ctx, "joingyd.service", "MainPID", "ActiveState")
		if err != nil {
			return err
		}
		if now["MainPID"] == was["MainPID"] && now["ActiveState"] == "active" {
			return errors.New("the old daemon runs")
		}
		return nil
	})
	gone := time.Now()
	if err != nil {
		installing.Wait()
		return "", errors.Join(err, apt)
	}
	err = s.chatAgain(ctx, a, b)
	chatting := time.Since(gone)
	for _, v := range []*visitor{a, b} {
		err = errors.Join(err, v.hears(ctx, time.Now()))
		l, _ := v.look()
		silent = max(silent, l.gap)
	}
	installing.Wait()
	took := time.Since(began)
	k.end()
	if err := errors.Join(err, apt); err != nil {
		return "", err
	}
	if len(k.failed) > 0 {
		return "", fmt.Errorf("%d of %d connections failed: %w", len(k.failed), k.asked, errors.Join(k.failed...))
	}
	version, err := s.machine.run(ctx, "joingyd status | grep ^version; dpkg-query -W -f '${Version}' joingyd")
	if err != nil {
		return "", err
	}
	la, _ := a.look()
	lb, _ := b.look()
	if resumed := la.resumed + lb.resumed; resumed != 2 {
		return "", fmt.Errorf("%d of 2 sessions were resumed: the chat did not go on", resumed)
	}
	s.interruption = fmt.Sprintf("both chat again %.1f s after the old daemon was told to end, %.1f s without RTP, %d connections meanwhile, 0 refused, the slowest answered after %.1f s; %d of 2 sessions resumed; apt took %.1f s",
		chatting.Seconds(), silent.Seconds(), k.asked, k.slowest.Seconds(), la.resumed+lb.resumed, took.Seconds())
	if lost := slices.Concat(la.lost, lb.lost); len(lost) > 0 {
		s.interruption += fmt.Sprintf("; %d attempts to come back failed, the last with: %v", len(lost), lost[len(lost)-1])
	}
	fields := strings.Fields(version)
	if len(fields) != 3 || fields[1] != fields[2] {
		return "", fmt.Errorf("the daemon and dpkg say %q", version)
	}
	return s.interruption, nil
}

// chatAgain has one tell the other something, as often as it takes: they may be on the
// way back, or not in a chat yet.
func (s *site) chatAgain(ctx context.Context, a, b *visitor) error {
	body := fmt.Sprintf("canary-%d-zebrafish", len(s.said))
	s.said = append(s.said, body)
	try := 0
	return until(ctx, func() error {
		if b.got(fmt.Sprintf("%s-%d", body, try)) {
			return nil
		}
		l, pair := a.look()
		if l.ended != nil {
			return l.ended
		}
		if pair == "" {
			return errors.New("there is no chat")
		}
		try++
		say, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		return a.say(say, b, fmt.Sprintf("%s-%d", body, try))
	})
}

// watchdog has the daemon stand still.
func (s *site) watchdog(ctx context.Context) (string, error) {
	const dropIn = "/run/systemd/system/joingyd.service.d/watchdog.conf"
	_, err := s.machine.run(ctx, "mkdir -p "+dropIn[:strings.LastIndex(dropIn, "/")]+" && printf '[Service]\\nWatchdogSec=3\\n' > "+dropIn+" && systemctl daemon-reload && systemctl restart joingyd")
	if err != nil {
		return "", err
	}
	was, err := s.machine.show(ctx, "joingyd.service", "MainPID")
	if err != nil {
		return "", err
	}
	began := time.Now()
	if _, err := s.machine.run(ctx, "kill -STOP "+was["MainPID"]); err != nil {
		return "", err
	}
	err = until(ctx, func() error {
		now, err := s.machine.show(ctx, "joingyd.service", "MainPID", "ActiveState", "NRestarts")
		if err == nil && (now["MainPID"] == was["MainPID"] || now["ActiveState"] != "active") {
			err = fmt.Errorf("the daemon stands still: %v", now)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	took := time.Since(began)
	if _, err := s.page(ctx, "/healthz"); err != nil {
		return "", err
	}
	_, err = s.machine.run(ctx, "rm -r /run/systemd/system/joingyd.service.d && systemctl daemon-reload && systemctl restart joingyd && systemctl reset-failed joingyd")
	return fmt.Sprintf("with WatchdogSec=3 another daemon served %.1f s after the stop", took.Seconds()), err
}

// operate has the service's group and root do what they do.
func (s *site) operate(ctx context.Context) (string, error) {
	var errs []error
	for _, command := range []string{
		"usermod -a -G joingyd " + admin,
		"runuser -u " + admin + " -- joingyd status",
		"runuser -u " + admin + " -- joingyd bans list",
		"joingyd stats",
		"joingyd audit verify",
		"joingyd reports list",
		"joingyd config check --config " + settings,
		"joingyd check https://" + domain,
		"joingyd doctor --bundle /root/doctor.tar.gz",
	} {
		_, err := s.machine.run(ctx, command)
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// socketless starts the service while its socket unit is stopped: it may not open port 443
// itself, and says what to do, which helps.
func (s *site) socketless(ctx context.Context) (string, error) {
	const remedy = "systemctl start joingyd.socket joingyd"
	if out, err := s.machine.run(ctx, "systemctl stop joingyd.socket joingyd; systemctl start joingyd"); err == nil {
		return "", fmt.Errorf("it starts: %s", out)
	}
	log, err := s.machine.run(ctx, "journalctl --no-pager -o cat -u joingyd.service")
	if err != nil {
		return "", err
	}
	if err := contains(log, remedy); err != nil {
		return "", err
	}
	if _, err := s.machine.run(ctx, remedy); err != nil {
		return "", err
	}
	_, err = s.page(ctx, "/healthz")
	return "", err
}

// restore saves the ban, ends it, and has it back from the backup, as docs/operations.md
// says. Nobody comes in meanwhile, and what root wrote is the daemon's.
func (s *site) restore(ctx context.Context) (string, error) {
	_, err := s.machine.run(ctx, "joingyd backup /root/bans.tar && joingyd unban "+addrBanned.String()+" && systemctl stop joingyd.socket joingyd")
	if err != nil {
		return "", err
	}
	if err := refused(ctx, "443", "3478"); err != nil {
		return "", err
	}
	if _, err := s.machine.run(ctx, "joingyd restore /root/bans.tar && systemctl start joingyd.socket joingyd"); err != nil {
		return "", err
	}
	return s.banHolds(ctx)
}

// denied is what a log says where the sandbox forbids too much.
var denied = regexp.MustCompile(`(?i)operation not permitted|permission denied|read-only file system|address family not supported|EPERM|EACCES|SIGSYS|bad system call|audit|apparmor`)

// hardening looks for what the sandbox forbade, and at what it is worth.
func (s *site) hardening(ctx context.Context) (string, error) {
	log, err := s.machine.run(ctx, "journalctl --no-pager -o cat -u joingyd.service -u joingyd.socket")
	if err != nil {
		return "", err
	}
	var hits []string
	for line := range strings.Lines(log) {
		if denied.MatchString(line) {
			hits = append(hits, strings.TrimSpace(line))
		}
	}
	if len(hits) > 0 {
		return "", fmt.Errorf("the journal has:\n%s", strings.Join(hits, "\n"))
	}
	exposure, err := s.machine.exposure(ctx, "joingyd.service")
	if err != nil {
		return "", err
	}
	var score float64
	if _, err := fmt.Sscan(exposure, &score); err != nil || score > 1.4 {
		return "", fmt.Errorf("the exposure is %q, more than 1.4", exposure)
	}
	return "exposure " + exposure, nil
}

// journal looks for visitors in all that the machine logged.
func (s *site) journal(ctx context.Context) (string, error) {
	log, err := s.machine.run(ctx, "journalctl --no-pager -o export --all")
	if err != nil {
		return "", err
	}
	canaries := append([]string{"zebrafish"}, s.said...)
	for _, addr := range strangers {
		canaries = append(canaries, addr.String())
	}
	for _, canary := range canaries {
		for line := range strings.Lines(log) {
			if strings.Contains(line, canary) {
				err = errors.Join(err, fmt.Errorf("the journal has %q: %s", canary, line))
			}
		}
	}
	err = errors.Join(err, contains(log, "msg=started"))
	return fmt.Sprintf("%d lines, 0 of %d canaries", strings.Count(log, "\nMESSAGE="), len(canaries)), err
}
