package moderate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// Subject is somebody who asks what is kept of them: a session, who has an address with
// one of these pseudonyms, or both.
type Subject struct {
	Session    string
	Pseudonyms []string
}

// has reports whether a pseudonym is one of the subject's.
func (s Subject) has(pseudonym string) bool { return slices.Contains(s.Pseudonyms, pseudonym) }

// of reports whether a case is about the subject, or is their appeal.
func (s Subject) of(k *Case) bool {
	return s.Session != "" && k.Session == s.Session || slices.ContainsFunc(k.Suspects, s.has) || k.Appeal != nil && s.has(k.Appeal.By)
}

// said reports whether something in a case is the subject's word.
func (s Subject) said(k *Case) bool {
	return slices.ContainsFunc(k.Reports, func(r Report) bool { return s.has(r.Reporter) }) ||
		slices.ContainsFunc(k.Flags, func(f Flag) bool { return s.has(f.Viewer) })
}

// Word is how good a reporter's word is.
type Word struct {
	Upheld    int       `json:"upheld"`
	Dismissed int       `json:"dismissed"`
	Last      time.Time `json:"last"` // when they reported, or one of their reports was judged
}

// Concerning is what is kept of a subject.
type Concerning struct {
	Cases []*Case // about them, and their appeals, the oldest first
	Said  int     // cases about others that they reported, or whose stills their browser sent
	Words []Word  // their record as a reporter, under each pseudonym
}

// Concerning returns what is kept of a subject. It reads all cases.
func (s *Store) Concerning(of Subject) (found Concerning, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		found, err = concerning(tx, of)
		return err
	})
	return found, err
}

func concerning(tx *bbolt.Tx, of Subject) (found Concerning, err error) {
	err = tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
		k, err := decodeCase(value)
		if err != nil {
			return fmt.Errorf("case %s: %w", id, err)
		}
		if of.of(k) {
			found.Cases = append(found.Cases, k)
		} else if of.said(k) {
			found.Said++
		}
		return nil
	})
	if err != nil {
		return found, err
	}
	for _, pseudonym := range of.Pseudonyms {
		value := tx.Bucket(reporterBucket).Get([]byte(pseudonym))
		if value == nil {
			continue
		}
		var r reporter
		if err := json.Unmarshal(value, &r); err != nil {
			return found, err
		}
		found.Words = append(found.Words, Word{r.Upheld, r.Dismissed, r.Last})
	}
	slices.SortFunc(found.Cases, func(a, b *Case) int { return a.Opened.Compare(b.Opened) })
	return found, nil
}

// Unread counts the cases and the reporters' records that have a pseudonym of which reads
// says that nobody can tell any more whose it is. It reads all cases.
func (s *Store) Unread(reads func(pseudonym string) bool) (cases, words int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		err := tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
			k, err := decodeCase(value)
			if err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			if slices.ContainsFunc(k.Suspects, func(p string) bool { return !reads(p) }) {
				cases++
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Bucket(reporterBucket).ForEach(func(pseudonym, _ []byte) error {
			if !reads(string(pseudonym)) {
				words++
			}
			return nil
		})
	})
	return cases, words, err
}

// Forgotten is what Erase has deleted of a subject, and what stays.
type Forgotten struct {
	Cases []string // that were about them
	Words int      // their records as a reporter
	Said  int      // cases about others in which they are nobody now

	Open   []string // cases that wait for a person: they stay
	Held   []string // that are on hold
	Needed []string // that somebody still needs: see Erase
}

var errDry = errors.New("nothing is written")

// Erase deletes what is kept of a subject: cases about them that have ended, with what is
// left of their evidence, and their record as a reporter; in cases about others that have
// ended they are nobody from then on. What waits for a person stays, what is held, and
// what needed says that it must stay. If dry nothing is deleted. It can be done again
// where a crash has left it half done.
func (s *Store) Erase(of Subject, needed func(*Case) bool, dry bool) (f Forgotten, err error) {
	err = s.update(func(c *change) error {
		f = Forgotten{}
		if err := s.eraseCases(c, of, needed, &f); err != nil {
			return err
		}
		for _, pseudonym := range of.Pseudonyms {
			reporters := c.tx.Bucket(reporterBucket)
			if reporters.Get([]byte(pseudonym)) == nil {
				continue
			}
			f.Words++
			if err := reporters.Delete([]byte(pseudonym)); err != nil {
				return err
			}
		}
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		return f, nil
	}
	if err != nil {
		return Forgotten{}, err
	}
	for _, id := range f.Cases {
		err = errors.Join(err, s.discard(id))
	}
	return f, err
}

func (s *Store) eraseCases(c *change, of Subject, needed func(*Case) bool, f *Forgotten) error {
	var all []*Case
	err := c.tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
		k, err := decodeCase(value)
		if err != nil {
			return fmt.Errorf("case %s: %w", id, err)
		}
		if of.of(k) || of.said(k) {
			all = append(all, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *Case) int { return a.Opened.Compare(b.Opened) })
	for _, k := range all {
		about := of.of(k)
		switch {
		case k.undecided():
			f.Open = append(f.Open, k.ID)
			continue
		case k.Hold != nil:
			f.Held = append(f.Held, k.ID)
			continue
		case about && needed(k):
			f.Needed = append(f.Needed, k.ID)
		case about:
			f.Cases = append(f.Cases, k.ID)
			if err := c.remove(k); err != nil {
				return err
			}
			continue
		}
		if !of.said(k) {
			continue
		}
		f.Said++
		k.unname(of)
		if err := c.write(k); err != nil {
			return err
		}
	}
	return nil
}

// unname makes a subject nobody in what they said.
func (k *Case) unname(of Subject) {
	for i := range k.Reports {
		if of.has(k.Reports[i].Reporter) {
			k.Reports[i].Reporter = ""
		}
	}
	for i := range k.Flags {
		if of.has(k.Flags[i].Viewer) {
			k.Flags[i].Viewer = ""
		}
	}
}

// remove deletes a case, and what leads to it.
func (c *change) remove(k *Case) error {
	for _, r := range k.Reports {
		if err := c.tx.Bucket(reportBucket).Delete([]byte(r.ID)); err != nil {
			return err
		}
	}
	for _, digest := range k.Receipts {
		if err := c.tx.Bucket(receiptBucket).Delete([]byte(digest)); err != nil {
			return err
		}
	}
	c.gone = append(c.gone, k)
	return c.tx.Bucket(caseBucket).Delete([]byte(k.ID))
}

// Kept is what there is on disk.
type Kept struct {
	Cases, Words   int       // cases; records of reporters
	Held           int       // of the cases
	Oldest, Newest time.Time // cases were opened; zero: there is none
	Months         int       // with totals
	First, Last    string    // of them, 2026-11
	Bytes          int64     // of the file
}

// Kept counts what there is on disk.
func (s *Store) Kept() (kept Kept, err error) {
	kept.Held = s.Held()
	err = s.db.View(func(tx *bbolt.Tx) error {
		kept.Bytes = tx.Size()
		kept.Words = tx.Bucket(reporterBucket).Stats().KeyN
		err := tx.Bucket(totalsBucket).ForEach(func(month, _ []byte) error {
			if kept.Months++; kept.First == "" {
				kept.First = string(month)
			}
			kept.Last = string(month)
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Bucket(caseBucket).ForEach(func(id, value []byte) error {
			k, err := decodeCase(value)
			if err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			kept.Cases++
			if kept.Oldest.IsZero() || k.Opened.Before(kept.Oldest) {
				kept.Oldest = k.Opened
			}
			if k.Opened.After(kept.Newest) {
				kept.Newest = k.Opened
			}
			return nil
		})
	})
	return kept, err
}
