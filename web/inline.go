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
	for _, part := range []struct{ element, attributes, tag, text string }{
		{"style", "", links, style},
		{"script", ` type="module"`, fmt.Sprintf(`<script type="module" src="%sjs/main.js"></script>`, prefix), script},
	} {
		if n := bytes.Count(page, []byte(part.tag)); n != 1 {
			return nil, "", fmt.Errorf("the start page has %d times %s, not once", n, part.tag)
		}
		end := "</" + part.element
		if lower := strings.ToLower(part.text); strings.Contains(lower, end) || strings.Contains(lower, "<!--") {
			return nil, "", fmt.Errorf("the %s of the start page contains what ends it there", part.element)
		}
		whole := "<" + part.element + part.attributes + ">" + part.text + end + ">"
		page = bytes.Replace(page, []byte(part.tag), []byte(whole), 1)
		sum := sha256.Sum256([]byte(part.text))
		self := part.element + "-src 'self'"
		policy = strings.Replace(policy, self, fmt.Sprintf("%s 'sha256-%s'", self, base64.StdEncoding.EncodeToString(sum[:])), 1)
	}
	return page, policy, nil
}
