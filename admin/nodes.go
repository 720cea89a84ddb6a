package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Nodes is the other nodes of a site, as one of them asks them. Its methods may be called at
// the same time.
type Nodes interface {
	// Self is this node's name.
	Self() string
	// Others are the live ones that have sessions.
	Others() []string
	// All are all other live ones.
	All() []string
	// To returns what sends requests to the Server.Forwarded of another node. What is
	// wrong is an error that names it.
	To(node string) http.RoundTripper
}

const (
	// ControlService is the host in requests between nodes.
	ControlService = "control"
	byHeader       = "Joingyd-By" // who asked, in those
	nodeTime       = 25 * time.Second
)

// nodeRequest is what an admin asks of another node.
type nodeRequest struct {
	method, path string // with the query
	by           string
	body         []byte
}

// nodeAnswer is what became of it.
type nodeAnswer struct {
	node   string
	status int
	body   []byte
	err    *Error // it has none, or says what is wrong
}

// askNode has another node answer.
func (s *Service) askNode(ctx context.Context, node string, req nodeRequest) nodeAnswer {
	answer := nodeAnswer{node: node}
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, req.method, "http://"+ControlService+req.path, bytes.NewReader(req.body))
	if err != nil {
		answer.err = invalid("%s cannot be asked of another node", quote(req.path))
		return answer
	}
	r.Header.Set(byHeader, req.by)
	response, err := s.opts.Nodes.To(node).RoundTrip(r)
	if err == nil {
		defer response.Body.Close()
		answer.status = response.StatusCode
		answer.body, err = io.ReadAll(response.Body)
	}
	if err != nil {
		answer.err = &Error{CodeUnavailable, err.Error()}
		return answer
	}
	if answer.status != http.StatusOK {
		failure := new(Failed)
		if err := json.Unmarshal(answer.body, failure); err != nil || failure.Code == "" {
			failure.Code, failure.Detail = CodeUnavailable, "node "+node+" answers nonsense; use the same version on all nodes"
		}
		answer.err = &Error{failure.Code, failure.Detail}
	}
	return answer
}

// askOthers has all other nodes answer, at the same time.
func (s *Service) askOthers(ctx context.Context, req nodeRequest) []nodeAnswer {
	others := s.opts.Nodes.Others()
	answers := make([]nodeAnswer, len(others))
	var all sync.WaitGroup
	for i, node := range others {
		all.Go(func() { answers[i] = s.askNode(ctx, node, req) })
	}
	all.Wait()
	return answers
}

// elsewhere has the node answer that knows what this one does not: one of them at most does.
// Where none does, unknown says so, and who was not asked.
func (s *Service) elsewhere(ctx context.Context, req nodeRequest, unknown *Error) (json.RawMessage, error) {
	var missing []string
	for _, answer := range s.askOthers(ctx, req) {
		switch {
		case answer.err == nil:
			return answer.body, nil
		case answer.err.Code == CodeUnavailable:
			missing = append(missing, answer.err.Detail)
		case answer.err.Code != CodeNotFound:
			return nil, answer.err
		}
	}
	if len(missing) > 0 {
		return nil, &Error{unknown.Code, unknown.Detail + "; but " + strings.Join(missing, "; ")}
	}
	return nil, unknown
}

// node is this node's name, empty if it is alone.
func (s *Service) node() string {
	if s.opts.Nodes == nil {
		return ""
	}
	return s.opts.Nodes.Self()
}
