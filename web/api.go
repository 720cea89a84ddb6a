package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"
)

// snapshotsPath is where browsers post stills.
const snapshotsPath = "/api/snapshots"

// takeStills has Snapshots answer what is its own, of any method, and next the rest.
func (o Options) takeStills(next http.Handler) http.Handler {
	if o.Snapshots == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != snapshotsPath {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", answerPolicy)
		w.Header().Set("Cache-Control", "no-store")
		o.Snapshots.ServeHTTP(w, r)
	})
}

// readyTimeout bounds a readiness check: a probe wants an answer, not a hang.
const readyTimeout = 3 * time.Second

func (o Options) serveOnline(w http.ResponseWriter, r *http.Request) {
	o.writeJSON(w, r, struct {
		Online int `json:"online"`
	}{o.Online()})
}

// banAnswer tells what a refused WebSocket was refused for: a browser cannot
// read the 403 itself.
type banAnswer struct {
	Banned bool       `json:"banned"`
	Code   string     `json:"code"`
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until"` // null: permanent
	By     string     `json:"by,omitempty"`
	Appeal string     `json:"appeal"`
}

func (o Options) serveBan(w http.ResponseWriter, r *http.Request) {
	if o.mustWait(w, r) {
		return
	}
	notice, banned := o.Ban(r)
	if !banned {
		o.writeJSON(w, r, struct {
			Banned bool `json:"banned"`
		}{})
		return
	}
	answer := banAnswer{Banned: true, Code: "banned", Reason: notice.Reason, By: notice.By, Appeal: "/appeal"}
	if !notice.Until.IsZero() {
		until := notice.Until.UTC()
		answer.Until = &until
	}
	o.writeJSON(w, r, answer)
}

// mustWait refuses who has asked too often whether they are banned.
func (o Options) mustWait(w http.ResponseWriter, r *http.Request) bool {
	wait := o.Wait(r)
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "too many questions of this address in a short time", http.StatusTooManyRequests)
	}
	return wait > 0
}

func (o Options) writeJSON(w http.ResponseWriter, r *http.Request, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		o.Logger.ErrorContext(r.Context(), "answer not encoded", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Security-Policy", answerPolicy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the requester may be gone
}

// Probes answers /healthz and /readyz, as the site does, and nothing else: for a daemon that
// has no site. Of the options it uses Ready, Lacks and Logger.
func Probes(o Options) http.Handler {
	mux := http.NewServeMux()
	o.handleProbes(mux)
	return mux
}

func (o Options) handleProbes(mux *http.ServeMux) {
	mux.HandleFunc("/healthz", serveHealth)
	mux.HandleFunc("/readyz", o.serveReady)
}

func serveHealth(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

func (o Options) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := o.Ready(ctx); err != nil {
		o.Logger.WarnContext(r.Context(), "not ready", "error", err)
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, fmt.Sprintf("not ready: %v", err), http.StatusServiceUnavailable)
		return
	}
	writeOK(w)
	if o.Lacks == nil {
		return
	}
	if lacks := o.Lacks(); lacks != "" {
		_, _ = io.WriteString(w, lacks+"\n") // the requester may be gone
	}
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", answerPolicy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n") // the requester may be gone
}
