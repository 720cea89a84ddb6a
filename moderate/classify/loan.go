package classify

import (
	"io"
	"sync"
)

// loan lends an image to requests until its end: http.Transport may go on reading a
// body after the answer has come, and the caller may write into the image by then.
type loan struct {
	mu    sync.Mutex // guards image, and is held while it is read
	image []byte     // nil after the end
}

func (l *loan) body() io.ReadCloser { return &body{loan: l} }

func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.image = nil
}

// body reads the image once.
type body struct {
	loan *loan
	read int
}

func (b *body) Read(into []byte) (int, error) {
	b.loan.mu.Lock()
	defer b.loan.mu.Unlock()
	switch {
	case b.loan.image == nil:
		return 0, io.ErrClosedPipe
	case b.read == len(b.loan.image):
		return 0, io.EOF
	}
	n := copy(into, b.loan.image[b.read:])
	b.read += n
	return n, nil
}

func (b *body) Close() error { return nil }
