package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// inline puts the style sheets and the script of the start page into it, in the place
// of the tags that load them, so that it can be used after one answer: on a slow
// connection a second round costs more than all that is in it. The policy that it
// returns with the page is that of all pages and allows these two by their hashes (CSP
// level 3, section 8.4); what else may get into the page stays as forbidden as it was.
func (r *rendering) inline(page []byte) (_ []byte, policy string, err error) {
	built, err := bundle()
	if err != nil {
		return nil, "", err
	}
	prefix := r.common.Static
	style := string(built["site.css"])
	links := fmt.Sprintf(`<link rel="stylesheet" href="%ssite.css">`, prefix)
	if r.options.Accent != nil {
		style += string(r.options.Accent.stylesheet())
		links += fmt.Sprintf("\n"+`<link rel="stylesheet" href="%s">`, r.common.Colours)
	}
	script := fmt.Sprintf("%s//# sourceMappingURL=%sjs/main.js.map\n", built["js/main.js"], prefix)
	policy = contentSecurityPolicy
	for _, part := range []struct{ name, tag, directive, open, text, close string }{
		{"style sheet", links, "style-src", "<style>", style, "</style>"},
		{"script", fmt.Sprintf(`<script type="module" src="%sjs/main.js"></script>`, prefix), "script-src", `<script type="module">`, script, "</script>"},
	} {
		if n := bytes.Count(page, []byte(part.tag)); n != 1 {
			return nil, "", fmt.Errorf("the start page has %d tags %s for its %s, not one", n, part.tag, part.name)
		}
		if strings.Contains(part.text, "</"+part.open[1:6]) || strings.Contains(part.text, "<!--") {
			return nil, "", fmt.Errorf("the %s contains what would end it within a page", part.name)
		}
		page = bytes.Replace(page, []byte(part.tag), []byte(part.open+part.text+part.close), 1)
		sum := sha256.Sum256([]byte(part.text))
		self := part.directive + " 'self'"
		policy = strings.Replace(policy, self, fmt.Sprintf("%s 'sha256-%s'", self, base64.StdEncoding.EncodeToString(sum[:])), 1)
	}
	return page, policy, nil
}
