package web

import "net/http"

// NodeCookie keeps a visitor on one node of several: a load balancer in front of
// them can send whoever brings it to the node that it names. It names no visitor.
// Nil sets none.
type NodeCookie struct {
	Value  string                   // of the cookie, the same for every visitor of this node
	Secure func(*http.Request) bool // whether the request came over https; nil: by its own TLS
}

// nodeCookie is its name over plain http. Over https browsers hold it to what the
// prefix promises: from this host, over https, for all of the site (RFC 6265bis
// section 4.1.3.2).
const (
	nodeCookie   = "joingyd_node"
	securePrefix = "__Host-"
)

// On sets the cookie on next's answers, unless the requester brings it. It is gone
// when the browser is closed, no script reads it, and it goes to no other site.
func (n *NodeCookie) On(next http.Handler) http.Handler {
	if n == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie := http.Cookie{Name: nodeCookie, Value: n.Value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}
		if n.secure(r) {
			cookie.Name, cookie.Secure = securePrefix+nodeCookie, true
		}
		if had, err := r.Cookie(cookie.Name); err != nil || had.Value != n.Value {
			http.SetCookie(w, &cookie)
		}
		next.ServeHTTP(w, r)
	})
}

func (n *NodeCookie) secure(r *http.Request) bool {
	if n.Secure == nil {
		return r.TLS != nil
	}
	return n.Secure(r)
}
