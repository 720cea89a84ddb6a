package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/pdq"
)

// checkModeration checks what the unpacked files of a backup have besides the bans, if
// anything. What is wrong with the audit log is told and no error: it may have been so
// when the backup was made.
func checkModeration(draft string) (auditProblem string, err error) {
	cases := filepath.Join(draft, admin.ArchiveCases)
	if _, err := os.Stat(cases); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	store, err := moderate.Open(cases, moderate.Options{})
	if err != nil {
		return "", fmt.Errorf("the cases in it cannot be opened: %w", errors.Unwrap(err))
	}
	if err := store.Close(); err != nil {
		return "", err
	}
	if _, err := pdq.Load(filepath.Join(draft, admin.ArchiveImages)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the known images in it: %w", err)
	}
	if _, err := os.Stat(filepath.Join(draft, admin.ArchiveAudit)); err != nil {
		return "", nil // nothing was written down yet
	}
	report, err := audit.Verify(filepath.Join(draft, admin.ArchiveAudit), nil)
	if err == nil && report.Err() != nil {
		auditProblem = report.Err().Error()
	}
	return auditProblem, err
}

// moderationSteps put what the backup has besides the bans in its place. A daemon deletes
// evidence whose case it does not know; so the evidence that was there is moved aside
// before the cases change, and that of the backup comes after them. A power cut in between
// leaves cases without evidence, which another restore brings. Nothing is deleted.
func (s *swap) moderationSteps() []func() error {
	if _, err := os.Stat(filepath.Join(s.draft, admin.ArchiveCases)); err != nil {
		return nil
	}
	return append(s.owedSteps(), []func() error{
		func() error { return s.moveAside(evidenceDir) },
		func() error { return s.keep(caseFile) },
		func() error { return s.put(admin.ArchiveCases, caseFile, os.Rename) },
		func() error { return s.putIfThere(admin.ArchiveEvidence, evidenceDir) },
		func() error { return s.moveAside(auditDir) },
		func() error { return s.putIfThere(admin.ArchiveAudit, auditDir) },
		func() error { return s.putImages() },
	}...)
}

// putImages keeps the list that was there if the backup has none: what is looked for
// already goes on to be.
func (s *swap) putImages() error {
	if _, err := os.Stat(filepath.Join(s.draft, admin.ArchiveImages)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := s.keep(knownImagesFile); err != nil {
		return err
	}
	return s.put(admin.ArchiveImages, knownImagesFile, os.Rename)
}

func (s *swap) putIfThere(draft, name string) error {
	if _, err := os.Stat(filepath.Join(s.draft, draft)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.put(draft, name, os.Rename)
}

// moveAside gives a directory another name, or removes it if it is empty.
func (s *swap) moveAside(name string) error {
	switch err := os.Remove(s.path(name)); {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return syncDir(s.dir)
	}
	if err := os.Rename(s.path(name), s.aside(name)); err != nil {
		return err
	}
	s.kept = append(s.kept, s.aside(name))
	return syncDir(s.dir)
}

// give gives a file, or a directory and what is in it, to the owner of the data
// directory, and makes the names in a directory survive a power cut.
func (s *swap) give(path string) error {
	return filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := config.GiveToOwner(path, s.dir); err != nil || !entry.IsDir() {
			return err
		}
		return syncDir(path)
	})
}
