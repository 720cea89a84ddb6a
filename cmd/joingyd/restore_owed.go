package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/privacy"
)

// owed are the directories of what is owed to authorities, with what puts together those of
// a backup and those that are there. None of this, nor of requests for data, is put
// aside: nobody would ever forget it there.
var owed = []struct {
	archived, name string
	merge          func(dir, from string) error
}{
	{admin.ArchiveHolds, legalHoldDir, legalhold.Merge},
	{admin.ArchiveIPLog, ipLogDir, iplog.MergeHolds},
	{admin.ArchiveDisclosures, disclosureDir, disclosure.Merge},
}

// checkOwed checks that part of the unpacked files of a backup.
func checkOwed(draft string) error {
	if _, err := privacy.Merge(filepath.Join(draft, ".none"), filepath.Join(draft, admin.ArchiveRequests), time.Time{}); err != nil {
		return fmt.Errorf("requests for data in it: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(draft, ".none")); err != nil {
		return err
	}
	for _, o := range owed {
		nowhere := filepath.Join(draft, ".check-"+o.name)
		if err := o.merge(nowhere, filepath.Join(draft, o.archived)); err != nil {
			return fmt.Errorf("what is owed in it: %w", err)
		}
		if err := os.RemoveAll(nowhere); err != nil {
			return err
		}
	}
	for _, name := range admin.ArchivedKeys() {
		if _, err := config.LoadSecrets(filepath.Join(draft, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the keys in it: %w", err)
		}
	}
	return nil
}

// owedSteps come before the cases change: after a power cut in between a hold finds the
// cases that there are, and another restore does the rest.
func (s *swap) owedSteps() []func() error {
	steps := []func() error{s.mergeRequests}
	for _, o := range owed {
		steps = append(steps, func() error {
			if err := o.merge(s.path(o.name), filepath.Join(s.draft, o.archived)); err != nil {
				return err
			}
			return s.giveIfThere(o.name)
		})
	}
	return append(steps, s.addTotals, s.addVisitKeys, s.addSigningKey, s.addClusterKey)
}

// mergeRequests begins erasures again that were done after the backup: the cases that it
// brings are those of before. Until those are there this finds nothing to erase, so what a
// power cut leaves in between is done by another restore.
func (s *swap) mergeRequests() (err error) {
	s.unknown = !fileExists(s.path(requestsDir))
	if s.erasures, err = privacy.Merge(s.path(requestsDir), filepath.Join(s.draft, admin.ArchiveRequests), s.made); err != nil {
		return err
	}
	return s.giveIfThere(requestsDir)
}

func (s *swap) giveIfThere(name string) error {
	if _, err := os.Stat(s.path(name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.give(s.path(name))
}

// addTotals adds the days of which there are no figures.
func (s *swap) addTotals() error {
	entries, err := os.ReadDir(filepath.Join(s.draft, admin.ArchiveTotals))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.path(totalsDir), 0o700); err != nil {
		return err
	}
	for _, entry := range entries {
		err := os.Link(filepath.Join(s.draft, admin.ArchiveTotals, entry.Name()), filepath.Join(s.path(totalsDir), entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return s.give(s.path(totalsDir))
}

// addVisitKeys adds the keys of the backup behind those that there are: receipts under
// either are good.
func (s *swap) addVisitKeys() error {
	keys, err := config.LoadSecrets(filepath.Join(s.draft, admin.ArchiveVisits))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	present, err := config.LoadSecrets(s.path(visitKeyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil: // one that cannot be read makes room
		if err := s.keep(visitKeyFile); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if !slices.Contains(present, key) {
			present = append(present, key)
		}
	}
	return config.SaveSecrets(s.path(visitKeyFile), present[:min(len(present), maxFileKeys)])
}

// addSigningKey puts the key of the backup where there is none: one that is there may have
// taken its place since.
func (s *swap) addSigningKey() error { return s.addKey(admin.ArchiveSigning, signingKeyFile) }

// addClusterKey is the same of the key that the other nodes have, who may have another by now.
func (s *swap) addClusterKey() error { return s.addKey(admin.ArchiveCluster, config.ClusterKeyFile) }

func (s *swap) addKey(archived, name string) error {
	if _, err := os.Stat(filepath.Join(s.draft, archived)); errors.Is(err, fs.ErrNotExist) || fileExists(s.path(name)) {
		return nil
	}
	return s.put(archived, name, os.Link)
}
