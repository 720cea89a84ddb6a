package moderate

import (
	"errors"
	"slices"
	"time"
)

// Filing is a report as it comes in.
type Filing struct {
	ID       string // 8 characters, of the reporter's receipt
	Reason   string
	At       time.Time
	Session  string   // that it is about
	Suspects []string // pseudonyms of that session's addresses
	Reporter string   // pseudonym of the reporter's address
	Before   int      // reports of that one in the ReportsDay before, where others than this store know of more
	Trusted  bool     // a person of the operator's files it: it has its full weight, and no limit
	Lines    int      // of the chat, among the parts
	Note     bool     // there is one among the parts
	Parts    []Part   // what was said and seen; overwritten by the caller afterwards
	Receipt  Receipt  // of who filed it by a form of the site; zero: none. It is taken in full or not at all
}

// mostPerCase is how many reports, and pieces of evidence, a case takes in full. Those
// past it are counted.
const mostPerCase = 50

// File takes a report, and returns the case that it is in now, when both are on
// disk. A session has one undecided case. What a reporter says past their most of a day
// is counted and opens nothing. The error is ErrFull where nobody judges the cases that
// there are, and ErrNoRoom where what somebody wrote who is to have a receipt could not be
// kept.
func (s *Store) File(f Filing) (caseID string, err error) {
	if s.of(f.Session) == "" && s.Waiting() >= s.opts.Cases && !f.Trusted {
		s.drop()
		return "", ErrFull
	}
	err = s.update(func(c *change) error {
		weight, err := c.weigh(f)
		if err != nil {
			return err
		}
		k, err := s.caseFor(c, f)
		if err != nil {
			return err
		}
		caseID = k.ID
		if !f.Receipt.IsZero() {
			if err := s.formFor(c, k, f.Receipt); err != nil {
				return err
			}
		}
		if len(k.Reports) < mostPerCase || !f.Receipt.IsZero() {
			before := len(k.Evidence)
			if err := s.seal(k, f.Parts); err != nil {
				return err
			}
			if !f.Receipt.IsZero() && len(k.Evidence) == before {
				return ErrNoRoom
			}
			k.Reports = append(k.Reports, Report{
				ID: f.ID, Reason: f.Reason, At: f.At.UTC(), Reporter: f.Reporter, Trusted: f.Trusted, Weight: weight, Lines: f.Lines, Note: f.Note,
			})
			if err := c.tx.Bucket(reportBucket).Put([]byte(f.ID), []byte(k.ID)); err != nil {
				return err
			}
		} else {
			k.More++
		}
		k.weigh()
		if err := c.count(func(t *Totals) { t.Reports[f.Reason]++ }); err != nil {
			return err
		}
		return c.put(k)
	})
	switch {
	case errors.Is(err, errTooMany):
		s.drop()
		return "", nil
	case errors.Is(err, ErrFull):
		s.drop()
	}
	return caseID, err
}

// formFor notes a receipt of a case, if there is room for what comes by forms.
func (s *Store) formFor(c *change, k *Case, r Receipt) error {
	s.mu.RLock()
	waiting := s.forms[k.Kind]
	s.mu.RUnlock()
	if len(k.Receipts) >= mostPerCase || len(k.Receipts) == 0 && waiting >= s.opts.Forms {
		return ErrFull
	}
	return c.receipt(k, r)
}

var errTooMany = errors.New("too many reports of a reporter")

// weigh returns what a report counts for, and notes that its reporter made it.
func (c *change) weigh(f Filing) (float64, error) {
	if f.Trusted {
		return 1, nil
	}
	by, err := c.reporter(f.Reporter)
	if err != nil {
		return 0, err
	}
	today := max(by.today(c.now), f.Before)
	weight := by.weight(today)
	if today >= MostReports {
		return 0, errTooMany
	}
	by.reported(c.now)
	return weight, c.putReporter(f.Reporter, by)
}

// caseFor returns the undecided case of the session, or a new one.
func (s *Store) caseFor(c *change, f Filing) (*Case, error) {
	if id := s.of(f.Session); id != "" {
		k, err := c.find(id)
		if err != nil {
			return nil, err
		}
		for _, suspect := range f.Suspects {
			if !slices.Contains(k.Suspects, suspect) {
				k.Suspects = append(k.Suspects, suspect)
			}
		}
		return k, nil
	}
	return &Case{ID: f.ID, Kind: KindReport, Session: f.Session, Suspects: slices.Clone(f.Suspects), Opened: c.now, State: StateOpen}, nil
}

// seal keeps evidence for a case.
func (s *Store) seal(k *Case, parts []Part) error {
	if len(parts) == 0 {
		return nil
	}
	id, err := s.opts.Evidence.Seal(k.ID, parts)
	if err == nil && id != "" {
		k.Evidence = append(k.Evidence, id)
	}
	return err
}

// of returns the undecided case of a session, "" if there is none.
func (s *Store) of(session string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[session]
}

func (s *Store) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped++
}
