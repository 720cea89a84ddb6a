package cert

import (
	"io/fs"
	"os"
)

// pair is what the file system says of the two files.
type pair struct{ cert, key fs.FileInfo }

func (p *pair) same(other *pair) bool {
	return p != nil && other != nil && sameFile(p.cert, other.cert) && sameFile(p.key, other.key)
}

func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}
