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
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/evidence"
)

// keptFiles hands out what a backup has besides the bans, in this order: the cases, their
// evidence, the known images and the audit log. So of each case that the backup has there
// is all evidence, unless it was decided meanwhile; and the audit log, in which each act
// stands before it is done, tells of all that was done to the cases. cases copies the file
// of cases; what is copied while it is written there is as files are replaced: whole.
func keptFiles(dir string, cases func(io.Writer) error) func(admin.AddFile) error {
	return func(add admin.AddFile) error {
		if err := add(admin.ArchiveCases, cases); err != nil {
			return err
		}
		if err := addDir(add, dir, evidenceDir, admin.ArchiveEvidence, evidence.IsFile, whole); err != nil {
			return err
		}
		if err := addFile(add, filepath.Join(dir, knownImagesFile), admin.ArchiveImages, whole); err != nil {
			return err
		}
		return addDir(add, dir, auditDir, admin.ArchiveAudit, audit.IsFile, wholeLines)
	}
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
