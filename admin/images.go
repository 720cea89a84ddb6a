package admin

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/joingyd/joingyd/moderate/pdq"
)

// ImportImagesRequest says how to read a list of known images.
type ImportImagesRequest struct {
	Source string // of the hashes that name none themselves
	DryRun bool   // change nothing, answer what would happen

	By string // as in BanRequest
}

// ImportImagesResult is what became of a list.
type ImportImagesResult struct {
	New      int            `json:"new"`
	Known    int            `json:"known"` // known before, or twice in the list
	Refused  int            `json:"refused"`
	Refusals []ImageRefusal `json:"refusals"` // the first 20
	Total    int            `json:"total"`    // known images now
	Stills   bool           `json:"stills"`   // the daemon looks at stills, and so compares them
	DryRun   bool           `json:"dry_run,omitempty"`
}

// ImageRefusal is a line that was not taken.
type ImageRefusal struct {
	Line int    `json:"line"` // from 1
	Why  string `json:"why"`
}

// ImageList is what is known, by source.
type ImageList struct {
	Sources []ImageSource `json:"sources"` // the one with the most at the front
	Total   int           `json:"total"`
	Stills  bool          `json:"stills"` // as in ImportImagesResult
}

// ImageSource is where hashes are from.
type ImageSource struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
}

// CheckImageRequest is a picture, as far as it is compared: never itself.
type CheckImageRequest struct {
	Hashes  []string `json:"hashes"`  // PDQ, of the picture as it is, turned and mirrored: eight, as pdq.Turned returns them
	Quality int      `json:"quality"` // PDQ's, 0 to 100
}

// CheckImageResult is whether the picture is known.
type CheckImageResult struct {
	Outcome  pdq.Outcome `json:"outcome"`
	Source   string      `json:"source,omitempty"` // of the known image that is nearest, as are these
	Hash     string      `json:"hash,omitempty"`
	Distance int         `json:"distance"` // in bits, 0 to 31
	Quality  int         `json:"quality"`
}

// RemoveImagesRequest names a source.
type RemoveImagesRequest struct {
	Source string

	By string
}

// RemoveImagesResult is what is left.
type RemoveImagesResult struct {
	Removed int `json:"removed"`
	Total   int `json:"total"`
}

// maxSource bounds the name of a source, in characters.
const maxSource = 80

// Validate reports what is wrong with the request itself.
func (r ImportImagesRequest) Validate() error { return validSource(r.Source) }

// Validate reports what is wrong with the request itself.
func (r RemoveImagesRequest) Validate() error { return validSource(r.Source) }

func validSource(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return invalid("the source is missing; say where the hashes are from")
	case utf8.RuneCountInString(name) > maxSource:
		return invalid("the source is longer than %d characters; shorten it", maxSource)
	}
	return nil
}

var errNoImages = &Error{CodeUnavailable, "there is no list of known images here"}

// ImportImages makes known what a list has, read in memory that grows with what is new.
// They are looked for from then on. Lines that cannot be taken are refused one by one;
// where the list breaks off, or the disk is full, nothing has changed.
func (s *Service) ImportImages(ctx context.Context, req ImportImagesRequest, r io.Reader) (ImportImagesResult, error) {
	if s.opts.Images == nil {
		return ImportImagesResult{}, errNoImages
	}
	if err := req.Validate(); err != nil {
		return ImportImagesResult{}, err
	}
	take := s.opts.Images.Check
	if !req.DryRun {
		take = s.opts.Images.Import
		if err := s.record(req.By, "images.import", "", map[string]string{"source": req.Source}); err != nil {
			return ImportImagesResult{}, err
		}
	}
	report, err := take(r, req.Source)
	if err != nil {
		return ImportImagesResult{}, &Error{CodeInternal, "nothing was imported: " + err.Error()}
	}
	result := ImportImagesResult{
		New: report.New, Known: report.Known, Refused: report.Refused, Refusals: []ImageRefusal{},
		Total: s.opts.Images.Len(), Stills: s.opts.Stills, DryRun: req.DryRun,
	}
	for _, refusal := range report.Refusals[:min(len(report.Refusals), maxRefusals)] {
		result.Refusals = append(result.Refusals, ImageRefusal(refusal))
	}
	if !req.DryRun {
		s.opts.Log.InfoContext(ctx, "known images imported", "new", report.New, "refused", report.Refused, "by", cmp.Or(req.By, ownName()))
	}
	return result, nil
}

// Images counts the known images of each source.
func (s *Service) Images(context.Context) (ImageList, error) {
	if s.opts.Images == nil {
		return ImageList{}, errNoImages
	}
	list := ImageList{Sources: []ImageSource{}, Total: s.opts.Images.Len(), Stills: s.opts.Stills}
	for name, n := range s.opts.Images.Labels() {
		list.Sources = append(list.Sources, ImageSource{name, n})
	}
	slices.SortFunc(list.Sources, func(a, b ImageSource) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

// CheckImage tells whether a picture looks like one that is known.
func (s *Service) CheckImage(_ context.Context, req CheckImageRequest) (CheckImageResult, error) {
	if s.opts.Images == nil {
		return CheckImageResult{}, errNoImages
	}
	var hashes [pdq.Turns]pdq.Hash
	if len(req.Hashes) != len(hashes) {
		return CheckImageResult{}, invalid("hashes: there are %d; write the %d of a picture as it is, turned and mirrored", len(req.Hashes), len(hashes))
	}
	for i, text := range req.Hashes {
		var err error
		if hashes[i], err = pdq.ParseHash(text); err != nil {
			return CheckImageResult{}, invalid("hashes: number %d: %s", i+1, err)
		}
	}
	c := s.opts.Images.CompareHashes(hashes, req.Quality)
	result := CheckImageResult{Outcome: c.Outcome, Quality: c.Quality}
	if c.Outcome == pdq.Known {
		result.Source, result.Hash, result.Distance = c.Entry.Label, c.Entry.Hash.String(), c.Distance
	}
	return result, nil
}

// RemoveImages forgets the known images of a source. They are not looked for from then on.
func (s *Service) RemoveImages(ctx context.Context, req RemoveImagesRequest) (RemoveImagesResult, error) {
	if s.opts.Images == nil {
		return RemoveImagesResult{}, errNoImages
	}
	if err := req.Validate(); err != nil {
		return RemoveImagesResult{}, err
	}
	known := s.opts.Images.Labels()[req.Source]
	if known == 0 {
		return RemoveImagesResult{}, notFound("no known image is from %s; joingyd images list names the sources", quote(req.Source))
	}
	if err := s.record(req.By, "images.remove", "", map[string]string{"source": req.Source, "images": strconv.Itoa(known)}); err != nil {
		return RemoveImagesResult{}, err
	}
	removed, err := s.opts.Images.Remove(req.Source)
	if err != nil {
		return RemoveImagesResult{}, &Error{CodeInternal, err.Error()}
	}
	s.opts.Log.InfoContext(ctx, "known images removed", "images", removed, "by", cmp.Or(req.By, ownName()))
	return RemoveImagesResult{Removed: removed, Total: s.opts.Images.Len()}, nil
}
