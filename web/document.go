package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// document is one embedded or rendered file, ready to be served: compressed once,
// not for each request.
type document struct {
	contentType string
	cache       string         // Cache-Control
	policy      string         // Content-Security-Policy; empty: that of all answers
	plain       representation // without a coding
	gzip        representation // no body: the file is no text, or too short to gain
}

// representation is a document in one content coding.
type representation struct {
	body       []byte
	coding     string // Content-Encoding; empty: none
	etag       string // strong, so that each representation has its own
	negotiated bool   // others get another one
}

func newDocument(body []byte, contentType string) (document, error) {
	sum := sha256.Sum256(body)
	version := hex.EncodeToString(sum[:12])
	d := document{
		contentType: contentType,
		cache:       "no-cache", // keep it, ask every time whether it changed
		plain:       representation{body: body, etag: `"` + version + `"`},
	}
	if strings.HasPrefix(contentType, "image/") {
		d.policy = answerPolicy
	}
	if !compressible(contentType) {
		return d, nil
	}
	small, err := compress(body)
	if err != nil || small == nil {
		return d, err
	}
	d.plain.negotiated = true
	d.gzip = representation{body: small, coding: "gzip", etag: `"` + version + `-gzip"`, negotiated: true}
	return d, nil
}

// bulky are the types of files that are no text and gain all the same.
var bulky = []string{"application/wasm", "application/octet-stream"}

// compressible reports whether files of this type are text, or gain like it.
func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "json") || slices.Contains(bulky, kind)
}

// representation returns what the requester understands best.
func (d document) representation(r *http.Request) representation {
	if d.gzip.body != nil && parseAcceptEncoding(r.Header.Values("Accept-Encoding")).gzip() {
		return d.gzip
	}
	return d.plain
}

// ServeHTTP answers with the document, or 304 if the requester has it. It serves no
// ranges: nothing here is long enough to be resumed.
func (d document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chosen := d.representation(r)
	w.Header().Set("ETag", chosen.etag)
	if matches(r.Header.Values("If-None-Match"), chosen.etag) {
		d.header(w, chosen)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	d.write(w, r, chosen, http.StatusOK)
}

// withStatus returns a handler that answers with the document as an error page.
func (d document) withStatus(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.write(w, r, d.representation(r), status)
	})
}

// header sets what an answer with the document and one without it share.
func (d document) header(w http.ResponseWriter, chosen representation) {
	w.Header().Set("Cache-Control", d.cache)
	if chosen.negotiated {
		w.Header().Add("Vary", "Accept-Encoding")
	}
	if d.policy != "" {
		w.Header().Set("Content-Security-Policy", d.policy)
	}
}

func (d document) write(w http.ResponseWriter, r *http.Request, chosen representation, status int) {
	d.header(w, chosen)
	h := w.Header()
	h.Set("Content-Type", d.contentType)
	h.Set("Content-Length", strconv.Itoa(len(chosen.body)))
	h.Set("Accept-Ranges", "none")
	if chosen.coding != "" {
		h.Set("Content-Encoding", chosen.coding)
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(chosen.body) // the requester may be gone
	}
}

// matches reports whether If-None-Match names etag, one of ours: without a comma
// (RFC 9110 section 13.1.2, which compares weakly).
func matches(lines []string, etag string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.Trim(tag, " \t"), "W/")
			if tag == etag || tag == "*" {
				return true
			}
		}
		return false
	})
}
