package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func (s *site) install(ctx context.Context) (string, error) {
	_, err := s.machine.run(ctx, aptInstall+oldDeb)
	return "", err
}

// closed looks at the package before it is set up.
func (s *site) closed(ctx context.Context) (string, error) {
	state, err := s.machine.show(ctx, "joingyd.service", "Type", "ActiveState", "SubState", "UnitFileState", "StatusText", "User")
	if err != nil {
		return "", err
	}
	for name, want := range map[string]string{"Type": "notify", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled", "User": "joingyd"} {
		if state[name] != want {
			return "", fmt.Errorf("%s is %q, want %q", name, state[name], want)
		}
	}
	if err := refused(ctx, "443", "8080", "3478"); err != nil {
		return "", err
	}
	status, err := s.machine.run(ctx, "systemctl is-active joingyd.socket && systemctl is-enabled joingyd.socket && joingyd status")
	if err != nil {
		return "", err
	}
	return "status: " + state["StatusText"], contains(status, "joingyd setup")
}

func (s *site) setUp(ctx context.Context) (string, error) {
	cert, key, err := s.authority.certificate()
	if err != nil {
		return "", err
	}
	err = errors.Join(s.machine.write(certFile, cert, 0o644), s.machine.write(keyFile, key, 0o640))
	if err != nil {
		return "", err
	}
	if _, err := s.machine.run(ctx, "chgrp joingyd "+keyFile); err != nil {
		return "", err
	}
	const command = "joingyd setup --domain " + domain + " --contact you@example.org --tls files --cert " + certFile + " --key " + keyFile
	out, err := s.machine.run(ctx, command)
	if err != nil {
		return "", err
	}
	if _, err := s.page(ctx, "/"); err != nil {
		return "", fmt.Errorf("%w; setup said:\n%s", err, out)
	}
	if err := contains(out, "The service was restarted."); err != nil {
		return "", err
	}
	again, err := s.machine.run(ctx, command)
	if err != nil {
		return "", err
	}
	return "", contains(again, "nothing to change")
}

// firstCall has two meet, talk and see each other.
func (s *site) firstCall(ctx context.Context) (string, error) {
	began := time.Now()
	for who := range 2 {
		v, err := startVisitor(ctx, s.options(who))
		if err != nil {
			return "", err
		}
		s.visitors = append(s.visitors, v)
	}
	for _, v := range s.visitors {
		if err := v.hears(ctx, began); err != nil {
			return "", err
		}
	}
	connected := time.Since(began)
	return fmt.Sprintf("RTP both ways %.1f s after both came", connected.Seconds()), s.chat(ctx)
}

// flows waits for new packets to both, and says how long either heard none.
func (s *site) flows(ctx context.Context) (gap time.Duration, err error) {
	a, b, err := s.callers()
	if err != nil {
		return 0, err
	}
	since := time.Now()
	for _, v := range []*visitor{a, b} {
		if err := v.hears(ctx, since); err != nil {
			return 0, err
		}
		l, _ := v.look()
		gap = max(gap, l.gap)
	}
	return gap, nil
}

// sameCall does something during which the call has to go on.
func (s *site) sameCall(ctx context.Context, do func() error) (string, error) {
	a, b, err := s.callers()
	if err != nil {
		return "", err
	}
	a.listen()
	b.listen()
	before, pair := a.look()
	if err := do(); err != nil {
		return "", err
	}
	gap, err := s.flows(ctx)
	if err != nil {
		return "", err
	}
	if after, now := a.look(); now != pair || after.calls != before.calls {
		return "", errors.New("the call did not go on")
	}
	return fmt.Sprintf("at most %d ms between two packets", gap.Milliseconds()), s.chat(ctx)
}

func (s *site) reload(ctx context.Context) (string, error) {
	return s.sameCall(ctx, func() error {
		was, err := s.machine.run(ctx, "cat "+settings)
		if err != nil {
			return err
		}
		if _, err := s.machine.run(ctx, `sed -i 's/^site:$/site:\n  banner: "Down on Sunday."/' `+settings+` && joingyd config check --config `+settings+` && systemctl reload joingyd`); err != nil {
			return err
		}
		page, err := s.page(ctx, "/")
		if err != nil {
			return err
		}
		if err := contains(page, "Down on Sunday."); err != nil {
			return errors.New("the page lacks the new banner")
		}
		good, err := s.machine.run(ctx, "cat "+settings)
		if err != nil {
			return err
		}
		if err := s.machine.write(settings, was+"\nnonsense: true\n", 0o644); err != nil {
			return err
		}
		out, _ := s.machine.run(ctx, "systemctl reload joingyd; joingyd status")
		if page, err = s.page(ctx, "/"); err != nil {
			return err
		}
		return errors.Join(contains(out, "not reloaded", "nonsense"), contains(page, "Down on Sunday."), s.machine.write(settings, good, 0o644))
	})
}

// rotate replaces the certificate's files one after the other: between the two they do not match.
func (s *site) rotate(ctx context.Context) (string, error) {
	return s.sameCall(ctx, func() error {
		before, err := s.shown(ctx)
		if err != nil {
			return err
		}
		cert, key, err := s.authority.certificate()
		if err != nil {
			return err
		}
		if err := errors.Join(s.machine.write(certFile, cert, 0o644), s.machine.write(keyFile, key, 0o640)); err != nil {
			return err
		}
		if _, err := s.machine.run(ctx, "chgrp joingyd "+keyFile); err != nil {
			return err
		}
		return until(ctx, func() error {
			after, err := s.shown(ctx)
			if err == nil && after == before {
				err = errors.New("the old certificate is shown")
			}
			return err
		})
	})
}
