package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/privacy"
)

// checkDraft checks the unpacked files of a backup, and returns the keys and how
// many bans there are.
func checkDraft(draft string) (keys ban.Keys, bans int, err error) {
	if keys, err = loadBanKeys(draft, config.LoadSecrets); err != nil {
		return nil, 0, fmt.Errorf("the keys in it: %w", err)
	}
	report, err := ban.VerifyFile(filepath.Join(draft, admin.ArchiveStore), keys)
	switch {
	case errors.Is(err, ban.ErrNewerSchema):
		err = fmt.Errorf("the store in it: %w", ban.ErrNewerSchema)
	case errors.Is(err, ban.ErrWrongKey):
		err = errors.New("the keys in it are not those of the store in it; use another backup")
	case errors.Is(err, ban.ErrCorrupt):
		err = errors.New("the store in it is damaged; use another backup")
	case err == nil && len(report.Problems) > 0:
		err = fmt.Errorf("the store in it has %s: %s; use another backup", count(len(report.Problems), "problem"), strings.Join(report.Problems, "; "))
	}
	return keys, report.Bans, err
}

// swap puts the checked files of a backup into the data directory. After each of
// its steps, and whatever of a step a power cut leaves, there is a store and keys
// that open it. The ban store comes last, since its lock keeps a daemon out until then:
//
//	what moderation keeps, see moderationSteps   │ the store that was there
//	keys of the backup and those that were there │ the store that was there
//	keys of the backup and those that were there │ that of the backup
type swap struct {
	dir, draft string
	keys       ban.Keys // of the backup
	now        time.Time
	made       time.Time // the backup

	kept     []string // files that were put aside
	erasures privacy.Merged
	unknown  bool // what was erased since the backup
}

func (s *swap) run() error {
	release, err := ban.Lock(s.path(banStoreFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, ban.ErrLocked):
		return fmt.Errorf("a daemon has the bans in %s open: stop it first, with systemctl stop joingyd.socket joingyd for example", s.dir)
	case err != nil:
		return err
	default:
		defer release()
	}
	for _, step := range s.steps() {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *swap) steps() []func() error {
	return slices.Concat(s.moderationSteps(), []func() error{s.draftKeys, s.putKeys, s.noteRestored, s.keepStore, s.putStore})
}

func (s *swap) path(name string) string { return filepath.Join(s.dir, name) }

// aside is where a file that was there is kept.
func (s *swap) aside(name string) string { return asideAt(s.path(name), s.now) }

func asideAt(path string, at time.Time) string {
	return path + ".before-restore-" + at.UTC().Format("20060102T150405Z")
}

// asideTime returns the time now, or the first after it, under which a restore has put
// nothing aside in a directory yet: they may follow each other within a second.
func asideTime(dir string) time.Time {
	for at := time.Now(); ; at = at.Add(time.Second) {
		if taken, err := filepath.Glob(asideAt(filepath.Join(dir, "*"), at)); err != nil || len(taken) == 0 {
			return at
		}
	}
}

// draftKeys adds the keys that were there to those of the backup. A key file that
// cannot be read is kept aside.
func (s *swap) draftKeys() error {
	keys := s.keys
	present, err := loadBanKeys(s.dir, config.LoadSecrets)
	switch {
	case err == nil:
		for _, key := range present {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		if err := s.keep(banKeyFile); err != nil {
			return err
		}
	}
	return saveBanKeys(s.draft)(keys)
}

func (s *swap) putKeys() error { return s.put(admin.ArchiveKeys, banKeyFile, os.Rename) }

// noteRestored lets a store that is in a cluster know that the others have gone on.
func (s *swap) noteRestored() error {
	return ban.Restored(filepath.Join(s.draft, admin.ArchiveStore))
}

func (s *swap) keepStore() error { return s.keep(banStoreFile) }

func (s *swap) putStore() error {
	move := os.Rename
	if !slices.Contains(s.kept, s.aside(banStoreFile)) {
		move = os.Link // there was none, and if a daemon has made one by now this fails
	}
	return s.put(admin.ArchiveStore, banStoreFile, move)
}

// put moves a draft to its place.
func (s *swap) put(draft, name string, move func(from, to string) error) error {
	from := filepath.Join(s.draft, draft)
	if err := s.give(from); err != nil {
		return err
	}
	if err := move(from, s.path(name)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// syncDir makes the names in a directory survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// keep gives what is there a second name, if something is.
func (s *swap) keep(name string) error {
	switch err := os.Link(s.path(name), s.aside(name)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	s.kept = append(s.kept, s.aside(name))
	return nil
}
