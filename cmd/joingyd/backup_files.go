package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/evidence"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/totals"
)

// keptFiles hands out what a backup has besides the bans, in this order: requests for data,
// holds and the rows on hold, disclosures, the cases, their evidence, the known images,
// figures and keys, and the audit log. So an erasure whose cases the backup still has is one
// that is to be done; each hold that it has finds its rows; of each case that it has there
// is all evidence, unless it was decided meanwhile; and the audit log, in which each act
// stands before it is done, tells of all that was done. cases copies the file of cases; what
// is copied while it is written there is as files are replaced: whole.
//
// Of the IP log there is only what is on hold, which has keys of its own. The days end with
// their keys, and a copy of those would not.
func keptFiles(dir string, cases func(io.Writer) error) func(admin.AddFile) error {
	return func(add admin.AddFile) error {
		if err := addOwed(add, dir); err != nil {
			return err
		}
		if err := add(admin.ArchiveCases, cases); err != nil {
			return err
		}
		if err := addDir(add, dir, evidenceDir, admin.ArchiveEvidence, evidence.IsFile, whole); err != nil {
			return err
		}
		if err := addFile(add, filepath.Join(dir, knownImagesFile), admin.ArchiveImages, whole); err != nil {
			return err
		}
		if err := addDir(add, dir, totalsDir, admin.ArchiveTotals, totals.IsFile, whole); err != nil {
			return err
		}
		for _, name := range admin.ArchivedKeys() {
			if err := addFile(add, config.SecretPath(dir, name), name, whole); err != nil {
				return err
			}
		}
		return addDir(add, dir, auditDir, admin.ArchiveAudit, audit.IsFile, wholeLines)
	}
}

// addOwed adds what is owed to visitors and authorities.
func addOwed(add admin.AddFile, dir string) error {
	if err := addDir(add, dir, requestsDir, admin.ArchiveRequests, privacy.IsFile, whole); err != nil {
		return err
	}
	if err := addDir(add, dir, legalHoldDir, admin.ArchiveHolds, legalhold.IsFile, whole); err != nil {
		return err
	}
	// What is on hold is listed first: its rows are there before.
	if err := addFile(add, filepath.Join(dir, ipLogDir, iplog.HoldsFile), path.Join(admin.ArchiveIPLog, iplog.HoldsFile), whole); err != nil {
		return err
	}
	rows := func(name string) bool { return iplog.IsHeld(name) && name != iplog.HoldsFile }
	if err := addDir(add, dir, ipLogDir, admin.ArchiveIPLog, rows, wholeLines); err != nil {
		return err
	}
	return addDir(add, dir, disclosureDir, admin.ArchiveDisclosures, disclosure.IsFile, whole)
}

// keptOffline is keptFiles of a data directory that no daemon has open; nil if it has no
// cases.
func keptOffline(dir string) func(admin.AddFile) error {
	cases := filepath.Join(dir, caseFile)
	if _, err := os.Stat(cases); err != nil {
		return nil
	}
	return keptFiles(dir, func(w io.Writer) error {
		text, err := os.Open(cases)
		if err != nil {
			return err
		}
		defer text.Close()
		_, err = io.Copy(w, text)
		return err
	})
}

// addDir adds the files of a directory that are a store's.
func addDir(add admin.AddFile, dataDir, from, to string, ours func(string) bool, text func([]byte) []byte) error {
	entries, err := os.ReadDir(filepath.Join(dataDir, from))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if !ours(entry.Name()) {
			continue
		}
		if err := addFile(add, filepath.Join(dataDir, from, entry.Name()), path.Join(to, entry.Name()), text); err != nil {
			return err
		}
	}
	return nil
}

// addFile adds a file, if it is still there.
func addFile(add admin.AddFile, from, to string, text func([]byte) []byte) error {
	content, err := os.ReadFile(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return add(to, func(w io.Writer) error {
		_, err := w.Write(text(content))
		return err
	})
}

func whole(text []byte) []byte { return text }

// wholeLines leaves out what is being written just now.
func wholeLines(text []byte) []byte { return text[:bytes.LastIndexByte(text, '\n')+1] }
