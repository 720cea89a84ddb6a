package moderate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action is what a person decides.
type Action string

// The actions.
const (
	Dismiss   Action = "dismiss"   // the reports were wrong
	Warn      Action = "warn"      // the visitor is told, if it is still there
	End       Action = "end"       // its session ends; it may come back
	Ban       Action = "ban"       // for a time
	Permanent Action = "permanent" // a ban for good

	Uphold Action = "uphold" // of an appeal: the bans stay
	Lift   Action = "lift"   // of an appeal: the bans end
)

// Actions lists every action.
func Actions() []Action { return []Action{Dismiss, Warn, End, Ban, Permanent, Uphold, Lift} }

// Actions lists those that there are for a case of this kind.
func (c *Case) Actions() []Action { return c.Kind.Actions() }

// Actions lists those that there are for a case of the kind.
func (k Kind) Actions() []Action {
	if k == KindAppeal {
		return []Action{Uphold, Lift}
	}
	return []Action{Dismiss, Warn, End, Ban, Permanent}
}

// Decision is what a person made of a case.
type Decision struct {
	Do        Action    `json:"do"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Reason    string    `json:"reason"`
	Confirmed string    `json:"confirmed,omitempty"` // by whom else
}

const (
	maxReason = 300 // characters
	maxBy     = 64  // bytes
)

// Errors of decisions.
var (
	ErrDecided      = errors.New("the case is decided already")
	ErrNeedsAnother = errors.New("somebody else than who decided it must confirm a permanent ban")
	ErrOwnBan       = errors.New("somebody else than who made the ban must uphold it; who made it may lift it")
)

// ErrAction refuses an action that a case of this kind does not have.
type ErrAction struct {
	Kind Kind
	Do   Action
	Have []Action
}

func (e ErrAction) Error() string {
	return fmt.Sprintf("do: %q is no way to decide a case of kind %s; it is one of %v", e.Do, e.Kind, e.Have)
}

// Validate says what is wrong with a decision, naming the field.
func (d *Decision) Validate() error {
	switch {
	case !slices.Contains(Actions(), d.Do):
		return fmt.Errorf("do: %q is none of %v", d.Do, Actions())
	case strings.TrimSpace(d.Reason) == "":
		return errors.New("reason: is missing; say in a few words why, for an appeal and for who looks at it later")
	}
	return ValidReason(d.Reason, d.By)
}

// mayJudge says why by cannot judge the case now, if so.
func (k *Case) mayJudge(by string, now time.Time) error {
	switch {
	case !k.undecided():
		return ErrDecided
	case k.held(by, now):
		return ErrHeld{*k.Claim}
	case k.State == StatePending && k.Decision.By == by:
		return ErrNeedsAnother
	}
	return nil
}

// Allows says why a decision is not one for the case, if so, whoever holds that and
// whatever has become of it.
func (s *Store) Allows(k *Case, d *Decision) error {
	switch have := k.Actions(); {
	case !slices.Contains(have, d.Do):
		return ErrAction{k.Kind, d.Do, have}
	case s.opts.TwoPeople && d.Do == Uphold && k.BannedBy(d.By):
		return ErrOwnBan
	}
	return nil
}

// Decide ends a case, or, if the decision needs a second person, leaves it pending. The
// reporters' records learn of it. Whoever calls it carries it out first: a decision
// that is on disk was carried out. What is to be held is held before it ends, and the
// evidence of the rest is deleted afterwards. It returns the case as it is now.
//
// A case that is pending is ended by another person's decision, whatever that is.
func (s *Store) Decide(id string, d Decision) (k *Case, err error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	gone := false
	err = s.update(func(c *change) error {
		if k, err = c.find(id); err != nil {
			return err
		}
		if err := k.mayJudge(d.By, c.now); err != nil {
			return err
		}
		if err := s.Allows(k, &d); err != nil {
			return err
		}
		d.At = c.now
		if k.State == StatePending && d.Do == Permanent {
			first := *k.Decision
			first.Confirmed = d.By
			d = first
		}
		k.Decision, k.Claim = &d, nil
		if s.NeedsSecond(&d) {
			k.State = StatePending
			return c.put(k)
		}
		k.State = StateDecided
		if gone, err = s.end(c, k, d.Do); err != nil {
			return err
		}
		if err := c.remember(k); err != nil {
			return err
		}
		if err := c.count(func(t *Totals) { t.decided(k, c.now) }); err != nil {
			return err
		}
		return c.put(k)
	})
	if err == nil && gone {
		err = s.discard(k.ID)
	}
	return k, err
}

// decided counts a decision.
func (t *Totals) decided(k *Case, now time.Time) {
	switch k.Decision.Do {
	case Uphold:
		t.Appeals[appealUpheld]++
		return
	case Lift:
		t.Appeals[appealLifted]++
		return
	}
	t.Decisions[string(k.Decision.Do)]++
	t.Delays.add(now.Sub(k.Opened))
	for _, f := range k.Flags {
		t.Judged[f.Label]++
		if k.Decision.Do == Dismiss {
			t.Dismissed[f.Label]++
		}
	}
}

// NeedsSecond reports whether a decision holds only when somebody else confirms it.
func (s *Store) NeedsSecond(d *Decision) bool {
	return s.opts.TwoPeople && d.Do == Permanent && d.Confirmed == ""
}

// remember notes in the reporters' records how the case ended.
func (c *change) remember(k *Case) error {
	seen := make(map[string]bool)
	for _, r := range k.Reports {
		if seen[r.Reporter] || r.Weight == 0 || r.Trusted {
			continue
		}
		seen[r.Reporter] = true
		by, err := c.reporter(r.Reporter)
		if err != nil {
			return err
		}
		if k.Decision.Do == Dismiss {
			by.Dismissed++
		} else {
			by.Upheld++
		}
		by.Last = c.now
		if err := c.putReporter(r.Reporter, by); err != nil {
			return err
		}
	}
	return nil
}
