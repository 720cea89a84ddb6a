package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/evidence"
)

const (
	evidenceDir    = "evidence" // in the data directory
	evidenceMemory = 64 << 20   // bytes that are kept in memory where there are no keys
)

// evidenceStore keeps what reports bring: sealed where the moderators have keys, else in
// memory. It implements moderate.Evidence and admin.Evidence.
type evidenceStore struct {
	sealed *evidence.Store
	memory *moderate.Memory
	keys   bool // there are some
	log    *slog.Logger

	inMemory sync.Once // what is held there was warned of
}

func (d *daemon) openEvidence() error {
	recipients, err := evidence.ParseRecipients(d.cfg.Moderation.Recipients)
	if err != nil {
		return fmt.Errorf("moderation.recipients: %w", err)
	}
	sealed, err := evidence.NewStore(filepath.Join(d.cfg.DataDir, evidenceDir), recipients, evidence.Options{Log: d.log})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, sealed.Close)
	if len(recipients) == 0 && d.cfg.Site.Contact != "" { // others are let in
		d.log.Warn("moderation.recipients is empty: evidence is in memory only, and what has to be held, of minors, is lost at a restart; name the moderators' public keys")
	}
	d.evidence = &evidenceStore{sealed: sealed, memory: moderate.NewMemory(evidenceMemory), keys: len(recipients) > 0, log: d.log}
	return nil
}

// Seal implements moderate.Evidence. Where there is no room, a report is taken without
// what it brings.
func (s *evidenceStore) Seal(caseID string, parts []moderate.Part) (string, error) {
	if !s.keys {
		return s.memory.Seal(caseID, parts)
	}
	sealing := make([]evidence.Part, len(parts))
	for i, part := range parts {
		sealing[i] = evidence.Part{Name: part.Name, Type: part.Type, At: part.At, Data: part.Data}
	}
	id, err := s.sealed.Seal(caseID, sealing)
	if errors.Is(err, evidence.ErrFull) || errors.Is(err, evidence.ErrTooLarge) {
		s.log.Error("a report was taken without its evidence", "case", caseID, "error", err)
		return "", nil
	}
	return string(id), err
}

// Delete implements moderate.Evidence.
func (s *evidenceStore) Delete(caseID string) error {
	return errors.Join(s.sealed.Delete(caseID), s.memory.Delete(caseID))
}

// Hold implements moderate.Evidence. What is in memory stays there, and is lost at a
// restart, which is said the first time.
func (s *evidenceStore) Hold(caseID string, until time.Time) error {
	if len(s.memory.Parts(caseID)) > 0 {
		s.inMemory.Do(func() {
			s.log.Warn("evidence that is to be held is in memory only, and is lost at a restart; set moderation.recipients", "case", caseID)
		})
	}
	return s.sealed.Hold(caseID, until)
}

// Release implements moderate.Evidence.
func (s *evidenceStore) Release(caseID string) error { return s.sealed.Release(caseID) }

// Parts implements admin.Evidence.
func (s *evidenceStore) Parts(caseID string) []moderate.Part { return s.memory.Parts(caseID) }

// Sealed implements admin.Evidence.
func (s *evidenceStore) Sealed(caseID string) (list []admin.SealedEvidence, err error) {
	for _, file := range s.sealed.List(caseID) {
		data, err := s.sealed.Read(file.ID)
		if errors.Is(err, evidence.ErrNotFound) {
			continue // deleted just now
		} else if err != nil {
			return nil, err
		}
		list = append(list, admin.SealedEvidence{ID: string(file.ID), At: file.At, Data: data})
	}
	return list, nil
}
