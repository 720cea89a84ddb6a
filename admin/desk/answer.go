package desk

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/joingyd/joingyd/admin"
)

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the browser may be gone
}

func writeError(w http.ResponseWriter, status int, code admin.Code, detail string) {
	writeJSON(w, status, admin.Error{Code: code, Detail: detail})
}

// answer writes what came of a request.
func answer(w http.ResponseWriter, body any, err error) {
	if err == nil {
		writeJSON(w, http.StatusOK, body)
		return
	}
	failure, ok := errors.AsType[*admin.Error](err)
	if !ok {
		failure = &admin.Error{Code: admin.CodeInternal, Detail: err.Error()}
	}
	status := http.StatusInternalServerError
	switch failure.Code {
	case admin.CodeInvalid:
		status = http.StatusBadRequest
	case admin.CodeNotFound:
		status = http.StatusNotFound
	case admin.CodeNeedsForce, admin.CodeUnavailable:
		status = http.StatusConflict
	case codeRest:
		status = http.StatusTooManyRequests
	}
	writeError(w, status, failure.Code, failure.Detail)
}

// decode reads exactly one JSON object with no field that into lacks. What is wrong is
// answered.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = errors.New("it goes on after its object")
		}
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, admin.CodeInvalid, "the request cannot be read: "+err.Error()+"; load the page anew")
	}
	return err == nil
}
