package doctor

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"strings"
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

// cutOff stands at the end of a text that Cut has shortened.
const cutOff = "(cut off)\n"

// Cut shortens a text to MaxFile, at the end of a line if it has one: what is half a word may
// not be known for what it is.
func Cut(text string) string {
	if len(text) <= MaxFile {
		return text
	}
	text = text[:MaxFile-len("\n")-len(cutOff)]
	if end := strings.LastIndexByte(text, '\n'); end >= 0 {
		return text[:end+1] + cutOff
	}
	return text + "\n" + cutOff
}
