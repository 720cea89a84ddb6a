package web

import (
	"net/http"
	"strings"
)

// contentSecurityPolicy allows this site's own files and nothing else. Trusted
// Types turn the DOM's string-to-code sinks off, but for one policy that only makes
// the URLs of the workers (static/js/worker-url.js). In 'self', connect-src
// includes the WebSocket. What default-src covers is said again where OWASP's ASVS
// 5.0 asks for it by name (3.4.3).
var contentSecurityPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"media-src 'self' blob:",
	"connect-src 'self'",
	"font-src 'self'",
	"manifest-src 'self'",
	"worker-src 'self'",
	"object-src 'none'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types joingyd",
}, "; ")

// answerPolicy is that of answers which are no page: whoever opens one by itself gets
// an origin without rights, whatever is in it.
var answerPolicy = contentSecurityPolicy + "; sandbox"

// permissionsPolicy gives this site the camera, the microphone and what a video
// page may want, and switches the rest off, for embedded frames too.
var permissionsPolicy = strings.Join([]string{
	"camera=(self)",
	"microphone=(self)",
	"autoplay=(self)",
	"fullscreen=(self)",
	"picture-in-picture=(self)",
	"screen-wake-lock=(self)",
	"accelerometer=()",
	"display-capture=()",
	"encrypted-media=()",
	"geolocation=()",
	"gyroscope=()",
	"hid=()",
	"idle-detection=()",
	"local-fonts=()",
	"magnetometer=()",
	"midi=()",
	"payment=()",
	"publickey-credentials-get=()",
	"serial=()",
	"usb=()",
	"xr-spatial-tracking=()",
}, ", ")

// SecurityHeaders sets the site's security headers on every answer of next. It
// leaves the ResponseWriter as it is, so next may hijack the connection. With
// hsts, answers over TLS tell browsers to insist on https, on names below this one
// too (OWASP ASVS 5.0, 3.4.1): a browser that was told so no longer lets its user
// past a self-signed certificate.
func SecurityHeaders(next http.Handler, hsts bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Permissions-Policy", permissionsPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if hsts && r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}
