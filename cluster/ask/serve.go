package ask

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/joingyd/joingyd/cluster/bus"
)

type fromKey struct{}

// From returns the node whose request a handler answers.
func From(ctx context.Context) string {
	node, _ := ctx.Value(fromKey{}).(string)
	return node
}

var (
	errRequest = errors.New("the request makes no sense")
	errBroken  = errors.New("the answer was broken off; its log may say why")
)

// serve has a request answered by the handler of its service.
func (a *Asker) serve(ctx context.Context, from string, question []byte) (answer []byte, err error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(question)))
	if err != nil {
		return nil, errRequest
	}
	handler := a.services[r.Host]
	if handler == nil {
		return nil, bus.ErrUnanswered
	}
	w := &recorder{header: make(http.Header), status: http.StatusOK, body: bounded{most: mostAnswer - 16<<10}}
	defer func() {
		if fault := recover(); fault != nil {
			if fault != http.ErrAbortHandler { //nolint:errorlint // it is a value to compare with, as in net/http
				a.opts.Log.Error("ask: a handler panicked", "service", r.Host, "node", from, "fault", fault, "stack", string(debug.Stack()))
			}
			answer, err = nil, errBroken
			if w.body.over {
				err = errLong
			}
		}
	}()
	handler.ServeHTTP(w, r.WithContext(context.WithValue(ctx, fromKey{}, from)))
	if w.body.over {
		return nil, errLong
	}
	return w.answer()
}

// recorder is an http.ResponseWriter that keeps what is written.
type recorder struct {
	header http.Header
	sent   http.Header // nil: nothing was written yet
	status int
	body   bounded
}

// Header implements http.ResponseWriter, as what follows.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader keeps the first status.
func (w *recorder) WriteHeader(status int) {
	if w.sent == nil {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// SetReadDeadline and SetWriteDeadline are for http.ResponseController: all is read, and a
// write does not block.
func (*recorder) SetReadDeadline(time.Time) error  { return nil }
func (*recorder) SetWriteDeadline(time.Time) error { return nil }

func (w *recorder) answer() ([]byte, error) {
	w.WriteHeader(http.StatusOK)
	var out bytes.Buffer
	err := (&http.Response{
		StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Header: w.sent,
		ContentLength: int64(w.body.kept.Len()), Body: io.NopCloser(&w.body.kept),
	}).Write(&out)
	if err == nil && out.Len() > mostAnswer {
		err = errLong
	}
	return out.Bytes(), err
}
