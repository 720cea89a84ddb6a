package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/joingyd/joingyd/web"
)

// Each node keeps what was written to it on /appeal, /guardian and /data. A visitor who comes
// back to another has that one ask the others.
const (
	formService = "forms" // the host in those requests
	formTime    = 6 * time.Second
	formsAtOnce = 8 // visitors on whose account others are asked: nodes have more to ask each other
)

// formStatuses is how a node says what is wrong.
var formStatuses = map[int]error{
	http.StatusNotFound: web.ErrUnknown, http.StatusConflict: web.ErrLate, http.StatusGone: web.ErrVisitOver, http.StatusTooManyRequests: web.ErrFull,
}

// answerForms is what this node answers others.
func (d *daemon) answerForms() http.Handler {
	mux := http.NewServeMux()
	answerForm(mux, "/outcome", d.ownOutcome)
	answerForm(mux, "/appealed", d.ownAppealed)
	answerForm(mux, "/referred", d.ownReferred)
	answerForm(mux, "/visit", d.ownVisit)
	answerForm(mux, "/data", d.takeDataAsk)
	answerForm(mux, "/data/outcome", d.ownDataOutcome)
	answerForm(mux, "/data/back", d.ownTakeBack)
	return mux
}

func answerForm[Q, A any](mux *http.ServeMux, path string, answer func(context.Context, Q) (A, error)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a, err := answer(r.Context(), q)
		if err == nil {
			_ = json.NewEncoder(w).Encode(a) // into memory
			return
		}
		for status, known := range formStatuses {
			if errors.Is(err, known) {
				http.Error(w, err.Error(), status)
				return
			}
		}
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
}

// askForms has all other nodes answer, and returns the answers of those that know. An error
// is one of formStatuses, but web.ErrUnknown, or says that a node did not answer.
func askForms[A, Q any](ctx context.Context, d *daemon, path string, q Q) (answers []A, err error) {
	select {
	case d.asking <- struct{}{}:
		defer func() { <-d.asking }()
	default:
		return nil, web.ErrFull
	}
	ctx, cancel := context.WithTimeout(ctx, formTime)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, node := range d.member.Nodes() {
		all.Go(func() {
			a, failed := askForm[A](ctx, d.member.To(node), path, q)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failed == nil:
				answers = append(answers, a)
			case !errors.Is(failed, web.ErrUnknown):
				err = failed
			}
		})
	}
	all.Wait()
	return answers, err
}

func askForm[A, Q any](ctx context.Context, to http.RoundTripper, path string, q Q) (a A, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+formService+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	answer, err := to.RoundTrip(r)
	if err != nil {
		return a, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return a, json.NewDecoder(answer.Body).Decode(&a)
	}
	if known := formStatuses[answer.StatusCode]; known != nil {
		return a, known
	}
	return a, fmt.Errorf("another node answers %s", answer.Status)
}

// known is what this node knows, or else another.
func known[Q, A any](d *daemon, path string, own func(context.Context, Q) (A, error), q Q) (A, error) {
	ctx := context.Background()
	a, err := own(ctx, q)
	if d.member == nil || !errors.Is(err, web.ErrUnknown) {
		return a, err
	}
	answers, failed := askForms[A](ctx, d, path, q)
	switch {
	case len(answers) > 0:
		return answers[0], nil
	case failed != nil:
		return a, failed
	}
	return a, err
}

// knownAnywhere is what each node says that knows: this one's word first, and one at least.
func knownAnywhere[Q, A any](d *daemon, path string, own func(context.Context, Q) (A, error), q Q) (all []A, err error) {
	ctx := context.Background()
	a, err := own(ctx, q)
	switch {
	case err == nil:
		all = []A{a}
	case !errors.Is(err, web.ErrUnknown):
		return nil, err
	}
	if d.member == nil {
		return all, err
	}
	others, failed := askForms[A](ctx, d, path, q)
	if failed != nil {
		return nil, failed
	}
	if all = append(all, others...); len(all) > 0 {
		return all, nil
	}
	return nil, err
}
