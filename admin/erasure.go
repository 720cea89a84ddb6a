package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/privacy"
)

// erasing is an erasure under way.
type erasing struct {
	request privacy.Request
	by      string
	marks   []iplog.Mark
	subject moderate.Subject
	held    int // rows, as far as that is known
	result  Erasure
}

// eraseStep is one of an erasure. Each can be done again, so that the process may die
// between any two of them, and within.
type eraseStep struct {
	name string
	do   func(context.Context, *erasing) error
}

func (s *Service) eraseSteps() []eraseStep {
	return []eraseStep{
		{"begin", s.eraseBegin}, {"rows", s.eraseRows}, {"cases", s.eraseCases}, {"bans", s.leaveBans}, {"end", s.eraseEnd},
	}
}

// CarryOut does what a request for erasure says, from the start or from where a process that
// was killed had come to. held is how many rows are known to be on hold.
func (s *Service) CarryOut(ctx context.Context, id, by string, held int) (Erasure, error) {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	e, err := s.erasingOf(id, by, held)
	if err != nil {
		return Erasure{}, err
	}
	for _, step := range s.eraseSteps() {
		if err := step.do(ctx, e); err != nil {
			return e.result, &Error{CodeInternal, fmt.Sprintf("request %s: %s: %s; what is begun goes on within a minute, and at the next start", id, step.name, err)}
		}
	}
	return e.result, nil
}

func (s *Service) erasingOf(id, by string, held int) (*erasing, error) {
	r, err := s.opts.Requests.Get(id)
	if err == nil && !r.Waits() {
		err = privacy.ErrEnded
	}
	if err != nil {
		return nil, fromRequests(err, id)
	}
	marks, err := marksOf(r)
	if err != nil {
		return nil, err
	}
	return &erasing{
		request: r, by: by, marks: marks, held: held,
		subject: moderate.Subject{Session: r.Subject.Session, Pseudonyms: r.Subject.Pseudonyms},
		result:  Erasure{Request: r.ID, At: s.opts.Now().UTC(), Stores: []ErasedStore{}},
	}, nil
}

// eraseBegin writes down that it is to happen, and that it begins.
func (s *Service) eraseBegin(_ context.Context, e *erasing) error {
	if err := s.record(e.by, "privacy.erase", e.request.ID, nil); err != nil {
		return err
	}
	_, err := s.opts.Requests.Begin(e.request.ID)
	return err
}

func (s *Service) eraseRows(_ context.Context, e *erasing) error {
	erased := ErasedStore{Store: "ip_log", What: "rows of the IP log", Left: e.held}
	if e.held > 0 {
		erased.Why = "on hold"
	}
	for _, mark := range e.marks {
		if s.opts.IPLog == nil { // not even one that was turned off
			break
		}
		n, err := s.opts.IPLog.EraseMarked(mark)
		if err != nil {
			return err
		}
		erased.Erased += n
	}
	e.result.Stores = append(e.result.Stores, erased)
	return nil
}

func (s *Service) eraseCases(_ context.Context, e *erasing) error {
	f, err := s.opts.Cases.Erase(e.subject, s.needed, e.result.DryRun)
	if err != nil {
		return err
	}
	e.result.Stores = append(e.result.Stores,
		ErasedStore{Store: "cases", What: "cases that have ended", Erased: len(f.Cases)},
		ErasedStore{Store: "reporters", What: "records of how good a reporter's word is", Erased: f.Words},
		ErasedStore{Store: "reports", What: "names in cases about others", Erased: f.Said})
	for _, left := range []struct {
		what, why string
		ids       []string
	}{
		{"open cases", "to be judged first", f.Open},
		{"cases on hold", "on hold", f.Held},
		{"cases that led to a ban", "the ban is in force", f.Needed},
	} {
		if len(left.ids) > 0 {
			e.result.Stores = append(e.result.Stores, ErasedStore{Store: "cases", What: left.what, Left: len(left.ids), Why: left.why, Which: left.ids})
		}
	}
	return nil
}

// needed reports whether a case has led to a ban that is in force.
func (s *Service) needed(k *moderate.Case) bool {
	if k.Decision == nil || k.Decision.Do != moderate.Ban && k.Decision.Do != moderate.Permanent {
		return false
	}
	for _, target := range targetsOf(k.Suspects) {
		for _, scope := range ban.Scopes() {
			if _, banned := s.bans.Lookup(target, scope); banned {
				return true
			}
		}
	}
	return false
}

// leaveBans says which bans stay.
func (s *Service) leaveBans(ctx context.Context, e *erasing) error {
	var data PersonalData
	if err := s.bansOf(ctx, &who{subject: e.subject}, &data); err != nil {
		return err
	}
	stay := ErasedStore{Store: "bans", What: "bans, and that there were some", Left: len(data.Bans) + len(data.Ended)}
	if stay.Left > 0 {
		stay.Why = "they protect others until they end, and their history for a year"
	}
	e.result.Stores = append(e.result.Stores, stay)
	if len(e.subject.Pseudonyms) == 0 {
		return nil
	}
	unread, err := s.unread(ctx)
	if err == nil && unread.Total() > 0 {
		e.result.Stores = append(e.result.Stores, ErasedStore{
			Store: "unread", What: "kept under keys that rotations have dropped, of anybody", Left: unread.Total(),
			Why: "nobody can tell whose they are, and each goes at its time (" + unread.String() + ")",
		})
	}
	return err
}

// eraseEnd writes down what was done, and forgets of whom it was.
func (s *Service) eraseEnd(ctx context.Context, e *erasing) error {
	counts := make(map[string]string)
	var lines []string
	for _, store := range e.result.Stores {
		if store.Erased > 0 {
			counts[store.Store] = numberOf(store.Erased)
		}
		lines = append(lines, store.String())
	}
	if err := s.record(e.by, "privacy.erased", e.request.ID, counts); err != nil {
		return err
	}
	_, err := s.opts.Requests.End(e.request.ID, privacy.StateDone, e.by, strings.Join(lines, "\n"))
	if err == nil {
		s.opts.Log.InfoContext(ctx, "data erased", "request", e.request.ID, "by", e.by)
	}
	return err
}

// String says it in a line.
func (e ErasedStore) String() string {
	if e.Left == 0 {
		return fmt.Sprintf("%s: %d erased", e.What, e.Erased)
	}
	text := fmt.Sprintf("%s: %d erased, %d left: %s", e.What, e.Erased, e.Left, e.Why)
	if len(e.Which) > 0 {
		text += " (" + strings.Join(e.Which, ", ") + ")"
	}
	return text
}

// dryErase says what an erasure would come to.
func (s *Service) dryErase(ctx context.Context, w *who, r privacy.Request, held int) (Erasure, error) {
	e := &erasing{request: r, held: held, subject: w.subject, result: Erasure{Request: r.ID, DryRun: true, At: s.opts.Now().UTC(), Stores: []ErasedStore{}}}
	rows := ErasedStore{Store: "ip_log", What: "rows of the IP log", Left: held}
	if held > 0 {
		rows.Why = "on hold"
	}
	marks, err := marksOf(r)
	if err != nil {
		return Erasure{}, err
	}
	for _, mark := range marks {
		if s.opts.IPLog == nil {
			break
		}
		n, err := s.opts.IPLog.Marked(mark)
		if err != nil {
			return Erasure{}, &Error{CodeInternal, err.Error()}
		}
		rows.Erased += n
	}
	e.result.Stores = append(e.result.Stores, rows)
	if err := s.eraseCases(ctx, e); err != nil {
		return Erasure{}, fromCases(err, "")
	}
	if err := s.leaveBans(ctx, e); err != nil {
		return Erasure{}, err
	}
	return e.result, nil
}

func encodeMarks(marks []iplog.Mark) (json.RawMessage, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	return json.Marshal(marks)
}

func marksOf(r privacy.Request) (marks []iplog.Mark, err error) {
	if len(r.Subject.Rows) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(r.Subject.Rows, &marks); err != nil {
		return nil, &Error{CodeInternal, fmt.Sprintf("request %s: what finds its rows cannot be read: %s", r.ID, err)}
	}
	return marks, nil
}
