package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/joingyd/joingyd/admin"
)

// SecretHeader is in which a proxy sends its secret.
const SecretHeader = "Joingyd-Proxy-Secret"

// Proxy is a reverse proxy that knows who comes. It sends its secret with every request,
// and must not let through what browsers send in either header.
type Proxy struct {
	Header string // in which it says who: a moderator's name
	Secret []byte
}

// user returns whom the proxy says that a request comes from, "" if it names nobody or
// there is no proxy. It is not ok where somebody is named without the secret, or has no
// name for a moderator.
func (p *Proxy) user(r *http.Request) (name string, ok bool) {
	if p == nil {
		return "", true
	}
	names, secrets := r.Header.Values(p.Header), r.Header.Values(SecretHeader)
	if len(names) == 0 {
		return "", true
	}
	if len(names) != 1 || len(secrets) != 1 || admin.ValidateName(names[0]) != nil {
		return "", false
	}
	// Digests are as long whatever is sent, so that the comparison takes as long.
	want, got := sha256.Sum256(p.Secret), sha256.Sum256([]byte(secrets[0]))
	return names[0], subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
