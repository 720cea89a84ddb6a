package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// web checks the moderators' page: what is said there crosses no network in clear.
func (v *validator) web(c Admin) {
	if c.WebListen == "" {
		for _, f := range []struct{ key, value string }{
			{"admin.web_origin", c.WebOrigin},
			{"admin.web_proxy_user_header", c.WebProxyUserHeader},
			{"admin.web_proxy_secret_file", c.WebProxySecretFile},
		} {
			if f.value != "" {
				v.add(f.key, "means nothing without admin.web_listen; set that, or take this out")
			}
		}
		return
	}
	v.listen("admin.web_listen", c.WebListen)
	https := false
	if c.WebOrigin != "" {
		v.origin("admin.web_origin", c.WebOrigin)
		u, err := url.Parse(c.WebOrigin)
		if https = err == nil && u.Scheme == "https"; err == nil && !https && !local(u.Hostname(), netip.Addr.IsLoopback) {
			v.add("admin.web_origin", fmt.Sprintf("%q is not https, so whoever is on the way can read it and log in; put a reverse proxy with TLS before it, or come through ssh -L", c.WebOrigin))
		}
	}
	if beyondLoopback(c.WebListen) && !https {
		v.add("admin.web_listen", fmt.Sprintf("%q can be reached from elsewhere, and evidence would cross the network in clear; listen on 127.0.0.1 and come through ssh -L, or put a reverse proxy with TLS before it and write its origin (https://…) in admin.web_origin", c.WebListen))
	}
	switch header := c.WebProxyUserHeader; {
	case (header == "") != (c.WebProxySecretFile == ""):
		v.add("admin.web_proxy_user_header", "and admin.web_proxy_secret_file go together; give both")
	case header == "":
	case strings.Trim(header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
		v.add("admin.web_proxy_user_header", fmt.Sprintf("%q is not a header's name; write one such as X-Forwarded-User", header))
	case c.WebOrigin == "":
		v.add("admin.web_origin", "is empty; with admin.web_proxy_user_header write the origin under which the proxy serves the page, such as https://desk.example.org")
	}
}
