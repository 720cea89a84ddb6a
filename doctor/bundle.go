package doctor

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"time"
)

// MaxFile is how long a file in a bundle is at most, in bytes. What is longer is cut off,
// and says so.
const MaxFile = 1 << 20

// File is one file of a bundle.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// WriteBundle writes files into a new archive, tar and gzip, which nobody but its owner may
// read. It never replaces a file.
func WriteBundle(path string, files []File, now time.Time) (err error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", path)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	packed := gzip.NewWriter(out)
	archive := tar.NewWriter(packed)
	for _, f := range files {
		text := Cut(f.Text)
		header := &tar.Header{Name: "joingyd-doctor/" + f.Name, Mode: 0o600, Size: int64(len(text)), ModTime: now}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close(), out.Sync())
}

// Cut shortens a text to MaxFile.
func Cut(text string) string {
	if len(text) <= MaxFile {
		return text
	}
	return text[:MaxFile] + "\n(cut off)\n"
}
