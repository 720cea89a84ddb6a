package ncmec

import (
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// Bundle is a report with all that belongs to it.
type Bundle struct {
	Endpoint Endpoint // where README.txt sends it
	Report   Report
	Files    []File
}

// File is one file to be uploaded.
type File struct {
	Content []byte
	Details FileDetails
}

// ErrExists says that there is something at the place of an export already.
var ErrExists = errors.New("exists already; choose another directory, or remove it if nobody needs it any longer")

// Export writes the bundle into a new directory, which appears all at once and
// complete (mode 0700, files 0600), or not at all. The directory above it must
// exist. The error is [ErrExists], a [*FieldError] for each field, joined, or what
// the file system says.
//
// What the files hold may not be possessed or passed on by anybody but those whom
// the law names: remove the directory once the report is finished and the time
// for which the law wants it kept is over.
func Export(dir string, b Bundle) (err error) {
	dir = filepath.Clean(dir)
	// Rename itself never replaces anything but an empty directory, so that a
	// second export at the same moment loses nothing.
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s: %w", dir, ErrExists)
	}
	contents, err := b.contents()
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	temporary, err := os.MkdirTemp(parent, ".ncmec-*") // mode 0700
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	for name, content := range contents {
		if err := write(filepath.Join(temporary, name), content); err != nil {
			return err
		}
	}
	if err := syncDir(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return err
	}
	return syncDir(parent)
}

// contents returns the files of the export by their names.
func (b Bundle) contents() (map[string][]byte, error) {
	report, problem := Marshal(b.Report)
	errs := []error{problem}
	contents := map[string][]byte{"report.xml": report}
	steps := readme{Base: b.Endpoint.URL(), Test: b.Endpoint != Production}
	for i, file := range b.Files {
		details, err := MarshalFileDetails(file.Details)
		if err != nil {
			errs = append(errs, fmt.Errorf("file %d: %w", i+1, err))
		}
		if len(file.Content) == 0 {
			errs = append(errs, fmt.Errorf("file %d: %w", i+1, &FieldError{"content", "is empty; leave the file out"}))
		}
		step := upload{
			File:    fmt.Sprintf("file-%d%s", i+1, extension(file.Content)),
			Details: fmt.Sprintf("file-details-%d.xml", i+1),
			MD5:     fmt.Sprintf("%x", md5.Sum(file.Content)),
		}
		contents[step.File], contents[step.Details] = file.Content, details
		steps.Uploads = append(steps.Uploads, step)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	contents["README.txt"] = steps.text()
	return contents, nil
}

// extension goes by what the content is: names that visitors chose come nowhere
// near a shell.
func extension(content []byte) string {
	switch http.DetectContentType(content) {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/webp":
		return ".webp"
	default:
		return ".bin"
	}
}

func write(name string, content []byte) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

func syncDir(name string) (err error) {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}
