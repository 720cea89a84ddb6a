package moderate

import (
	"errors"
	"slices"
	"time"
)

// Kind is what a case asks of the person who judges it.
type Kind string

// The kinds.
const (
	KindReport Kind = "report" // what is to be done about a visitor
	KindAppeal Kind = "appeal" // whether the bans on somebody stay
)

// Appeal is what a case of that kind is about. It is no report: it names no suspect, has
// no weight, and is held against nobody.
type Appeal struct {
	By   string        `json:"by"` // pseudonym of the appellant's address
	Bans []AppealedBan `json:"bans"`
}

// AppealedBan is a ban as it was when somebody appealed it.
type AppealedBan struct {
	ID     string    `json:"id"`
	Scope  string    `json:"scope"`
	Prefix string    `json:"prefix,omitempty"` // that it is on, if that is wider than one address or household
	Reason string    `json:"reason"`
	By     string    `json:"by"`               // who made it: a person, or auto:RULE
	Report string    `json:"report,omitempty"` // the case that led to it
	Until  time.Time `json:"until,omitzero"`   // zero: permanent
}

// Appealing is an appeal as it comes in.
type Appealing struct {
	Receipt   Receipt // by which the appellant asks what became of it
	Appellant string  // pseudonym of the address
	Bans      []AppealedBan
	Parts     []Part // the appellant's words; overwritten by the caller afterwards
}

// Errors of what comes in by a form.
var (
	ErrAppealed = errors.New("an appeal of that ban, or from that address, waits already")
	ErrNoRoom   = errors.New("there is no room to keep what was written")
)

// Appeal opens a case, and returns its id when it and its evidence are on disk. Of each
// address, and of each ban that is on no more than one household, one appeal waits at a
// time: ErrAppealed. The error is ErrFull where nobody judges those that there are, and
// ErrNoRoom where the words could not be kept.
func (s *Store) Appeal(a Appealing) (caseID string, err error) {
	err = s.update(func(c *change) error {
		k := &Case{
			ID: NewID(), Kind: KindAppeal, Opened: c.now, State: StateOpen,
			Appeal: &Appeal{By: a.Appellant, Bans: slices.Clone(a.Bans)},
		}
		if err := s.mayAppeal(k.Appeal); err != nil {
			return err
		}
		if err := s.seal(k, a.Parts); err != nil {
			return err
		}
		if len(k.Evidence) == 0 {
			return ErrNoRoom
		}
		if err := c.receipt(k, a.Receipt); err != nil {
			return err
		}
		if err := c.count(func(t *Totals) { t.Appeals[appealReceived]++ }); err != nil {
			return err
		}
		caseID = k.ID
		return c.put(k)
	})
	if errors.Is(err, ErrFull) {
		s.drop()
	}
	return caseID, err
}

// mayAppeal says why there cannot be one appeal more, if so. Store.write is held, so
// that the answer stays true until the appeal is put.
func (s *Store) mayAppeal(a *Appeal) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, key := range a.keys() {
		if s.appeals[key] != "" {
			return ErrAppealed
		}
	}
	if s.forms[KindAppeal] >= s.opts.Forms || len(s.waiting) >= s.opts.Cases {
		return ErrFull
	}
	return nil
}

// keys are what one appeal at a time is of. Many are hit by a ban on a network: none of
// them keeps the others from an appeal.
func (a *Appeal) keys() []string {
	keys := []string{"address " + a.By}
	for _, b := range a.Bans {
		if b.Prefix == "" {
			keys = append(keys, "ban "+b.ID)
		}
	}
	return keys
}

// BannedBy reports whether one of the bans that are appealed was made by that person.
func (c *Case) BannedBy(by string) bool {
	return c.Appeal != nil && slices.ContainsFunc(c.Appeal.Bans, func(b AppealedBan) bool { return b.By == by })
}

// receipt notes by which receipt somebody asks for the case.
func (c *change) receipt(k *Case, r Receipt) error {
	digest := r.Digest()
	k.Receipts = append(k.Receipts, digest)
	return c.tx.Bucket(receiptBucket).Put([]byte(digest), []byte(k.ID))
}
