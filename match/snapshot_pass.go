package match

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
)

// StillsService is the host of what a hub sends by Snapshots.Elsewhere.
const StillsService = "stills"

// mostPassed is how many stills are being passed on at a time, made-up tokens among them: hubs
// have more to ask each other.
const mostPassed = 16

// stillHome returns the hub that asked for the still that a request brings, if that is
// another one.
func (h *Hub) stillHome(r *http.Request) (node string, elsewhere bool) {
	if h.others == nil || h.opts.Snapshots.Elsewhere == nil {
		return "", false
	}
	node, live := h.others.Tagged(tokenTag(stillToken(r)))
	return node, live && node != h.others.self
}

// passSnapshot has the hub that asked for a still take it, and answers as that does. That is
// asked first whether it wants it: who made a token up has nothing read, and nothing passed on.
func (h *Hub) passSnapshot(w http.ResponseWriter, r *http.Request, home string) {
	select {
	case h.passing <- struct{}{}:
		defer func() { <-h.passing }()
	default:
		http.Error(w, "too many stills are on their way to other nodes", http.StatusServiceUnavailable)
		return
	}
	onward := func(method string, body io.Reader) *http.Response {
		to := url.URL{Scheme: "http", Host: StillsService, Path: "/"}
		req, err := http.NewRequestWithContext(r.Context(), method, to.String(), body)
		if err != nil {
			return nil // the URL is ours: cannot happen
		}
		for _, name := range []string{"Authorization", "Content-Type", ClaimHeader} {
			if value := r.Header.Get(name); value != "" {
				req.Header.Set(name, value)
			}
		}
		answer, err := h.opts.Snapshots.Elsewhere(home).RoundTrip(req)
		if err != nil {
			h.opts.Logger.DebugContext(r.Context(), "a still for another node was lost", "node", home, "error", err) // it is counted where it was asked
			return nil
		}
		return answer
	}
	answer := onward(http.MethodGet, nil)
	if answer != nil && answer.StatusCode == http.StatusAccepted {
		answer.Body.Close()
		jpeg, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxStill))
		if err != nil {
			refuseSize(w)
			return
		}
		answer = onward(http.MethodPost, bytes.NewReader(jpeg))
	}
	if answer == nil {
		http.Error(w, "the node that asked for it does not answer", http.StatusServiceUnavailable)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // the requester may be gone
}
