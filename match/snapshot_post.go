package match

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
)

// ServeSnapshot takes POST /api/snapshots: a still that a `snapshot` message asked for,
// once. It is read only when its token is good and its sender not banned. What becomes of
// it the sender is not told.
func (h *Hub) ServeSnapshot(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "a still is posted", http.StatusMethodNotAllowed)
		return
	}
	if _, banned := h.opts.Banned(h.opts.Addr(r), UseSite); banned {
		http.Error(w, "banned", http.StatusForbidden)
		return
	}
	if home, elsewhere := h.stillHome(r); elsewhere {
		h.passSnapshot(w, r, home)
		return
	}
	h.TakeSnapshot(w, r)
}

// TakeSnapshot is ServeSnapshot for a request that another hub passes on, whose sender is
// not banned there. With GET it says whether the POST would be taken, and takes nothing.
func (h *Hub) TakeSnapshot(w http.ResponseWriter, r *http.Request) {
	wanted, known := h.stillOf(stillToken(r), r.Method == http.MethodPost)
	switch {
	case !known:
		h.countStill(stillRefused)
		http.Error(w, "the token is unknown, used or late", http.StatusUnauthorized)
		return
	case r.Header.Get("Content-Type") != "image/jpeg":
		h.countStill(stillRefused)
		http.Error(w, "a still is image/jpeg", http.StatusUnsupportedMediaType)
		return
	}
	var err error
	if wanted.Claim, err = h.readClaim(r, wanted); err != nil {
		h.countStill(stillRefused)
		http.Error(w, ClaimHeader+": "+err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if r.Method == http.MethodGet {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	wanted.JPEG, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxStill))
	if err != nil || len(wanted.JPEG) < 4 || wanted.JPEG[0] != 0xff || wanted.JPEG[1] != 0xd8 {
		h.countStill(stillRefused)
		refuseSize(w)
		return
	}
	if wanted.Claim != nil {
		wanted.At = h.opts.Now().UTC()
	}
	if h.opts.Snapshots.Take(wanted) {
		h.countStill(stillTaken)
		if wanted.Claim != nil {
			h.askSubject(wanted)
		}
	} else {
		h.countStill(stillDropped)
	}
	w.WriteHeader(http.StatusAccepted)
}

func refuseSize(w http.ResponseWriter) {
	http.Error(w, "a still is a JPEG of at most 64 KiB", http.StatusRequestEntityTooLarge)
}

// stillToken is what a request names the still by that it brings; empty: it does not.
func stillToken(r *http.Request) string {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return ""
	}
	return token
}

// readClaim returns what a request says of the still that it brings, if that still needs
// it: one that a viewer's own browser looked at.
func (h *Hub) readClaim(r *http.Request, wanted Still) (map[string]float64, error) {
	local := h.opts.Snapshots.Local
	if local == nil || wanted.Self {
		return nil, nil
	}
	claim, err := parseClaim(r.Header.Get(ClaimHeader), local.Labels)
	if err == nil && !met(claim, local.Post) {
		err = errors.New("says nothing for which a still is wanted")
	}
	return claim, err
}

// stillOf returns what a token was given for; with once it is good no more.
func (h *Hub) stillOf(token string, once bool) (Still, bool) {
	hash := stillHash(sha256.Sum256([]byte(token)))
	h.mu.Lock()
	defer h.mu.Unlock()
	wanted, known := h.snapshots.open[hash]
	if once {
		delete(h.snapshots.open, hash)
	}
	return wanted, known
}

func (h *Hub) countStill(outcome stillOutcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.snapshots.counts[outcome]++
}
