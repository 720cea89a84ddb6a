package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// Inlined are the style sheet and the script within the start page, InlinedHash what
// its policy says of either.
var (
	Inlined     = regexp.MustCompile(`(?s)<style>(.*?)</style>|<script type="module">(.*?)</script>`)
	InlinedHash = regexp.MustCompile(` 'sha256-([A-Za-z0-9+/=]{44})'`)
)

// The start page needs no other file for its looks and its script, in every variant,
// and its policy allows these two and no others.
func TestInline(t *testing.T) {
	accent := must(ParseAccent("#b3452a"))
	for _, o := range []Options{{Policy: "1"}, {Policy: "1", Accent: accent}} {
		site := must(New(o))
		for _, query := range []string{"", "?lang=ar"} {
			w := get(site, "/"+query, "")
			html, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
			parts := Inlined.FindAllStringSubmatch(html, -1)
			if len(parts) != 2 {
				t.Fatalf("%d parts are in the page, want 2", len(parts))
			}
			if style := parts[0][1]; strings.Contains(style, "#b3452a") != (o.Accent != nil) || !strings.Contains(style, "var(--accent)") {
				t.Errorf("the style sheet with %v has %d bytes", o.Accent, len(style))
			}
			for i, directive := range []string{"style-src", "script-src"} {
				sum := sha256.Sum256([]byte(parts[i][1+i]))
				if want := directive + " 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(policy, want) {
					t.Errorf("the policy %q lacks %q", policy, want)
				}
			}
			if got := InlinedHash.ReplaceAllString(policy, ""); got != contentSecurityPolicy {
				t.Errorf("the policy without the hashes is %q", got)
			}
			if m := regexp.MustCompile(`<link rel="stylesheet"|<script[^>]* src=`).FindString(html); m != "" {
				t.Errorf("the page still has %s", m)
			}
			sourceMap := regexp.MustCompile(`//# sourceMappingURL=(\S+)`).FindStringSubmatch(html)
			if sourceMap == nil || get(site, sourceMap[1], "").Code != http.StatusOK {
				t.Errorf("the source map %v is not served", sourceMap)
			}
			if again := get(site, "/"+query, w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Header().Get("Content-Security-Policy") != policy {
				t.Errorf("asked again: status %d, policy %q; RFC 9110 has browsers take over the headers of a 304", again.Code, again.Header().Get("Content-Security-Policy"))
			}
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			post := httptest.NewRecorder()
			site.ServeHTTP(post, r)
			for name, other := range map[string]http.Header{"/about": get(site, "/about", "").Header(), "POST /": post.Header()} {
				if got := other.Get("Content-Security-Policy"); got != contentSecurityPolicy {
					t.Errorf("%s has the policy %q", name, got)
				}
			}
		}
	}
}

// A page whose tags have changed is not sent half.
func TestInlineWantsItsTags(t *testing.T) {
	r := &rendering{}
	r.common.Static = "/static/v-1/"
	for _, page := range []string{"", `<link rel="stylesheet" href="/static/v-1/site.css">`, strings.Repeat(`<link rel="stylesheet" href="/static/v-1/site.css">`, 2)} {
		if _, _, err := r.inline([]byte(page)); err == nil || !strings.Contains(err.Error(), "the start page has") {
			t.Errorf("%q: %v", page, err)
		}
	}
}
