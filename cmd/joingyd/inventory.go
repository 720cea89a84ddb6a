package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/totals"
)

// inventory is what there is in a store, as it is counted.
type inventory struct{ admin.Retained }

// at counts in when something is of.
func (r *inventory) at(when time.Time) {
	if r.Oldest.IsZero() || when.Before(r.Oldest) {
		r.Oldest = when
	}
	if when.After(r.Newest) {
		r.Newest = when
	}
}

// files counts those of a directory that are a store's, whose names begin with when they
// are of. A directory that is not there has none.
func (r *inventory) files(dir string, ours func(name string) bool, layout string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !ours(name) {
			continue
		}
		r.Count++
		if len(name) >= len(layout) {
			if when, err := time.Parse(layout, name[:len(layout)]); err == nil {
				r.at(when)
			}
		}
	}
	return r.size(dir)
}

// size counts the bytes of a file, or of those in a directory.
func (r *inventory) size(path string) error {
	return filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		r.Bytes += info.Size()
		return nil
	})
}

func (d *daemon) countBans(r *inventory) (err error) {
	if r.Bytes, err = d.bans.Size(); err != nil {
		return err
	}
	r.Count = d.bans.Len()
	for b, err := range d.bans.Active() {
		if err != nil {
			return err
		}
		r.at(b.Created)
	}
	for e, err := range d.bans.Ended() {
		if err != nil {
			return err
		}
		r.Count++
		r.at(e.Ban.Created)
	}
	return nil
}

// countCases, countReporters and countMonths count what one look at the file of cases has
// found.
func countCases(r *inventory, look func() (moderate.Kept, error)) error {
	kept, err := look()
	r.Count, r.Held, r.Oldest, r.Newest, r.Bytes = kept.Cases, kept.Held, kept.Oldest, kept.Newest, kept.Bytes
	return err
}

func countReporters(r *inventory, look func() (moderate.Kept, error)) error {
	kept, err := look()
	r.Count, r.Bytes = kept.Words, kept.Bytes
	return err
}

func countMonths(r *inventory, look func() (moderate.Kept, error)) error {
	kept, err := look()
	r.Count, r.Bytes = kept.Months, kept.Bytes
	for _, month := range []string{kept.First, kept.Last} {
		if at, err := time.Parse("2006-01", month); err == nil {
			r.at(at)
		}
	}
	return err
}

func (d *daemon) countEvidence(r *inventory) error {
	s := d.evidence.sealed.Stats()
	r.Count, r.Held, r.Bytes, r.Oldest = s.Files, s.Held, s.Bytes, s.Oldest
	return nil
}

func (d *daemon) countAudit(r *inventory) error {
	return r.files(filepath.Join(d.cfg.DataDir, auditDir), audit.IsFile, "2006-01")
}

func (d *daemon) countIPLog(r *inventory) error {
	if d.iplog == nil {
		return nil
	}
	s, err := d.iplog.Stats()
	r.Count, r.Held, r.Oldest, r.Newest, r.Bytes = s.Rows, s.Held, s.Oldest, s.Newest, s.Bytes
	return err
}

func (d *daemon) countRequests(r *inventory) error {
	for _, request := range d.requests.List(true) {
		r.Count++
		r.at(request.Asked)
	}
	return r.size(filepath.Join(d.cfg.DataDir, requestsDir))
}

func (d *daemon) countImages(r *inventory) error {
	r.Count = d.images.Len()
	return r.size(filepath.Join(d.cfg.DataDir, knownImagesFile))
}

// held is what there is now in each store.
func (d *daemon) held() (report admin.PrivacyReport, err error) {
	report = admin.PrivacyReport{At: time.Now().UTC(), Requests: d.requests.Counts(), Failed: []string{}}
	for _, kept := range d.retention() {
		r := inventory{admin.Retained{Store: kept.store, What: kept.what, Where: kept.where, Kept: strings.ReplaceAll(kept.long, "`", "")}}
		if err := kept.count(&r); err != nil {
			return report, fmt.Errorf("%s: %w", kept.store, err)
		}
		report.Stores = append(report.Stores, r.Retained)
	}
	d.swept.mu.Lock()
	defer d.swept.mu.Unlock()
	report.Swept, report.Failed = d.swept.last, append(report.Failed, d.swept.failed...)
	return report, nil
}

func (d *daemon) countHolds(r *inventory) error {
	for _, h := range d.holds.List() {
		r.Count++
		r.at(h.Made)
	}
	return r.size(filepath.Join(d.cfg.DataDir, legalHoldDir))
}

func (d *daemon) countDisclosures(r *inventory) error {
	for _, e := range d.told.List() {
		r.Count++
		r.at(e.At)
	}
	return r.size(filepath.Join(d.cfg.DataDir, disclosureDir))
}

func (d *daemon) countDays(r *inventory) error {
	return r.files(filepath.Join(d.cfg.DataDir, totalsDir), totals.IsFile, time.DateOnly)
}
