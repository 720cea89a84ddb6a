package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// remove takes the program away and leaves settings and data.
func (s *site) remove(ctx context.Context) (string, error) {
	for _, v := range s.visitors {
		v.leave()
	}
	if _, err := s.machine.run(ctx, "apt-get remove -y -q joingyd && test -s "+settings+" && test -s /var/lib/joingyd/joingyd.db && ! test -e /usr/bin/joingyd && getent passwd joingyd"); err != nil {
		return "", err
	}
	if out, err := s.machine.run(ctx, "systemctl is-active joingyd.service joingyd.socket; pgrep joingyd"); err == nil {
		return "", errors.New("something runs still: " + out)
	}
	return "", refused(ctx, "443", "8080", "3478")
}

// returns installs the package again: settings, bans and keys are those of before.
func (s *site) returns(ctx context.Context) (string, error) {
	if _, err := s.machine.run(ctx, aptInstall+newDeb+" && systemctl is-enabled joingyd.service joingyd.socket"); err != nil {
		return "", err
	}
	page, err := s.page(ctx, "/")
	if err != nil {
		return "", err
	}
	_, err = s.banHolds(ctx)
	return "", errors.Join(err, contains(page, "Down on Sunday."))
}

// staysOff installs the package over one that its administrator has switched off.
func (s *site) staysOff(ctx context.Context) (string, error) {
	out, err := s.machine.run(ctx, "systemctl disable --now joingyd.socket joingyd.service && "+aptInstall+"--reinstall "+newDeb)
	if err != nil {
		return "", err
	}
	state, _ := s.machine.run(ctx, "systemctl is-active joingyd.service joingyd.socket; systemctl is-enabled joingyd.service joingyd.socket")
	if state = strings.Join(strings.Fields(state), " "); state != "inactive inactive disabled disabled" {
		return "", fmt.Errorf("they are %s; apt said:\n%s", state, out)
	}
	return "", nil
}

// purge leaves nothing of the package.
func (s *site) purge(ctx context.Context) (string, error) {
	if _, err := s.machine.run(ctx, "apt-get purge -y -q joingyd"); err != nil {
		return "", err
	}
	after, err := s.machine.list(ctx)
	if err != nil {
		return "", err
	}
	if changes := s.before.changes(after); len(changes) > 0 {
		return "", fmt.Errorf("what there was before, and is now:\n%s", strings.Join(changes, "\n"))
	}
	for _, command := range []string{"getent passwd joingyd", "getent group joingyd", "systemctl cat joingyd.service", "systemctl cat joingyd.socket", "pgrep joingyd"} {
		if out, err := s.machine.run(ctx, command); err == nil {
			return "", fmt.Errorf("%s: %s", command, out)
		}
	}
	if out, err := s.machine.run(ctx, "systemctl list-units --all --plain --no-legend 'joingyd*'"); err != nil || strings.TrimSpace(out) != "" {
		return "", fmt.Errorf("systemd remembers: %s%v", out, err)
	}
	if out, err := s.machine.run(ctx, "grep -rIl joingyd /etc /run /var/lib --exclude-dir=dpkg --exclude-dir=apt --exclude='*-'"); err == nil {
		return "", fmt.Errorf("it is named in %s", out)
	}
	return fmt.Sprintf("%d files and directories are as they were before the install", len(s.before)), refused(ctx, "443", "8080", "3478")
}

// again installs the package once more, as if for the first time.
func (s *site) again(ctx context.Context) (string, error) {
	if _, err := s.machine.run(ctx, aptInstall+newDeb); err != nil {
		return "", err
	}
	return s.closed(ctx)
}
