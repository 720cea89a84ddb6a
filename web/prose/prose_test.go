package prose_test

import (
	"errors"
	"html/template"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/joingyd/joingyd/web/prose"
)

const front = "---\ntitle: Rules\nversion: 1.2\nupdated: 2026-11-28\n---\n"

var values = prose.Values{
	Site: "Parley", Contact: `<a href="mailto:desk@example.org">desk@example.org</a>`, Abuse: "abuse@example.org", Processors: "<ul><li>Host</li></ul>",
	Link: func(path string) string { return path + "?lang=de" },
}

func render(t *testing.T, source string) string {
	t.Helper()
	page, err := prose.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	got, err := page.HTML(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestHTML(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"text", "Be **kind**.\n", "<p>Be <strong>kind</strong>.</p>\n"},
		{"heading", "## What follows\n", "<h2 id=\"what-follows\">What follows</h2>\n"},
		{"heading with an id", "## What follows {#next}\n", "<h2 id=\"next\">What follows</h2>\n"},
		{"an id that the frame has", "## Main\n", "<h2 id=\"main-1\">Main</h2>\n"},
		{"list", "- a\n- b\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"},
		{"list with paragraphs", "- a\n\n- b\n", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>\n"},
		{"table", "| a | b |\n|---|--:|\n| 1 | 2 |\n", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n"},
		{"placeholders", "On {{site}}, write to *{{contact}}* or {{abuse}}.\n", "<p>On Parley, write to <em><a href=\"mailto:desk@example.org\">desk@example.org</a></em> or abuse@example.org.</p>\n"},
		{"placeholder in a heading", "## About {{site}}\n", "<h2 id=\"about-site\">About Parley</h2>\n"},
		{"block", "Who:\n\n{{processors}}\n\nEnd.\n", "<p>Who:</p>\n<ul><li>Host</li></ul>\n<p>End.</p>\n"},
		{"placeholder as code", "Write `{{site}}`.\n", "<p>Write <code>{{site}}</code>.</p>\n"},
		{"single braces", "{site} { {\n", "<p>{site} { {</p>\n"},
		{"link within the site", "[rules](/rules), [end](/rules#end), [home](/)\n", "<p><a href=\"/rules?lang=de\">rules</a>, <a href=\"/rules?lang=de#end\">end</a>, <a href=\"/?lang=de\">home</a></p>\n"},
		{"link elsewhere", "[x](https://example.org/a?b=\"c\"&d 'T\"')\n", "<p><a href=\"https://example.org/a?b=%22c%22&amp;d\" title=\"T&quot;\">x</a></p>\n"},
		{"link to the same page", "[x](#end)\n", "<p><a href=\"#end\">x</a></p>\n"},
		{"reference", "[x]\n\n[x]: /about\n", "<p><a href=\"/about?lang=de\">x</a></p>\n"},
		{"escaped", "a < b & c\n", "<p>a &lt; b &amp; c</p>\n"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		if got := render(t, front+tt.body); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestFrontMatter(t *testing.T) {
	page, err := prose.Parse([]byte("\uFEFF---\r\n# a remark\r\ntitle: \"About \\\"{{site}}\\\"\"\r\n\r\nversion: '2'\r\nupdated: 2026-11-28 # today\r\nlanguage: pt-BR\r\n---\r\nText.\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := page.TitleFor("Parley"), `About "Parley"`; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if want := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC); page.Version != "2" || !page.Updated.Equal(want) || page.Language != "pt-BR" {
		t.Errorf("got version %q, updated %v, language %q", page.Version, page.Updated, page.Language)
	}
	if got, err := page.HTML(values); err != nil || got != "<p>Text.</p>\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestBrokenPages(t *testing.T) {
	tests := []struct {
		name, source, want string
	}{
		{"empty", "", "1: has no front matter; begin the file with lines ---"},
		{"no front matter", "# Rules\n", "1: has no front matter"},
		{"front matter without end", "---\ntitle: x\n", "3: the front matter does not end"},
		{"key missing", "---\ntitle: x\nversion: 1\n---\n", "1: the front matter lacks updated"},
		{"unknown key", "---\ntitle: x\nauthor: y\nversion: 1\nupdated: 2026-11-28\n---\n", `3: "author" is not known; known are title, version, updated, language`},
		{"key twice", "---\ntitle: x\ntitle: y\n---\n", "3: title is there twice"},
		{"no key", "---\ntitle\n---\n", `2: "title" is no line of front matter`},
		{"no title", "---\ntitle:\nversion: 1\nupdated: 2026-11-28\n---\n", "2: title is empty"},
		{"placeholder in the title", strings.Replace(front, "Rules", "{{contact}}", 1), "2: title: the only placeholder"},
		{"quotes", strings.Replace(front, "Rules", "'Rules", 1), "2: title: the quotes do not end"},
		{"bad escape", strings.Replace(front, "Rules", `"\q"`, 1), "2: title: what is in quotes"},
		{"quote in quotes", strings.Replace(front, "1.2", "'2''s'", 1), `3: version: "2's" is not one`},
		{"attribute", front + "## x {style=\"color:red\"}\n", "6: a heading cannot have the attribute style"},
		{"version", strings.Replace(front, "1.2", "one two", 1), `3: version: "one two" is not one`},
		{"date", strings.Replace(front, "2026-11-28", "28.11.2026", 1), `4: updated: "28.11.2026" is not a date; write one as 2026-11-28`},
		{"no such day", strings.Replace(front, "2026-11-28", "2026-02-30", 1), "4: updated:"},
		{"language", strings.Replace(front, "---\n", "---\nlanguage: german\n", 1), `2: language: "german" is not a code`},
		{"not UTF-8", front + "a\nb\xff\n", "7: is not UTF-8"},
		{"too long", front + strings.Repeat("x", prose.MaxSize), "1: is longer than"},
		{"unknown placeholder", front + "a\n\nb\nsee {{kontakt}}\n", "9: the placeholder {{kontakt}} is not known; use {{site}}"},
		{"template action", front + "{{ .Site }}\n", "6: the placeholder {{ .Site }} is not known"},
		{"open placeholder", front + "a {{site\n", "6: the placeholder {{}} is not known"},
		{"list in a sentence", front + "Who: {{processors}}\n", "6: {{processors}} stands for a block"},
		{"list in a list", front + "- {{processors}}\n", "6: {{processors}} stands for a block"},
		{"placeholder in an address", front + "a\n[x](mailto:{{contact}})\n", "7: a placeholder cannot be part of an address"},
		{"HTML block", front + "\n<div>\nx\n</div>\n", "7: HTML is not taken here"},
		{"HTML", front + "a\nb <b>c</b>\n", "7: HTML is not taken here"},
		{"remark", front + "<!-- x -->\n", "6: HTML is not taken here"},
		{"link to code", front + "a\n[x](JavaScript:alert(1))\n", `7: the address "JavaScript:alert(1)" is not one of a page`},
		{"autolink to code", front + "<javascript:alert(1)>\n", "6: the address"},
		{"second title", front + "# Rules\n", "6: the title is the only heading of the first level"},
	}
	for _, tt := range tests {
		page, err := prose.Parse([]byte(tt.source))
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+tt.want) {
			t.Errorf("%s: got %v, %v, want %q", tt.name, page, err, tt.want)
		}
		if p, ok := errors.AsType[*prose.Problem](err); err != nil && (!ok || p.Line < 1) {
			t.Errorf("%s: %v has no line", tt.name, err)
		}
	}
	if _, err := prose.Parse([]byte(front + "{{a}}\n\n{{b}}\n")); err == nil || !strings.Contains(err.Error(), "6: the placeholder {{a}}") || !strings.Contains(err.Error(), "8: the placeholder {{b}}") {
		t.Errorf("two mistakes: %v, want both", err)
	}
}

// allowed is all that a page may consist of.
var allowed = map[string]string{ // element: attributes
	"p": "", "h2": "id class", "h3": "id class", "h4": "id class", "h5": "id class", "h6": "id class", "ul": "", "ol": "start", "li": "", "blockquote": "", "hr": "", "br": "", "pre": "", "code": "class",
	"em": "", "strong": "", "a": "href title", "img": "src alt title", "table": "", "thead": "", "tbody": "", "tr": "", "th": "align", "td": "align",
}

// FuzzPage holds that whatever a file says, it is refused or becomes well-formed
// HTML without a script, the same each time.
func FuzzPage(f *testing.F) {
	for _, body := range []string{
		"", "## a {#b}\n\n- {{site}}\n", "|a|\n|-|\n|{{contact}}|\n", "[x](javascript:y) ![z](data:text/html,x)\n", "<b onclick=x>", "{{processors}}\n",
		"## x {onclick=\"y\" style=z class=q}\n", "[a]: java&#115;cript:x\n\n[a]", "`{{` {{\n", "1. a\n\n   > b\n***\n~~~js\nx\n~~~\n",
	} {
		f.Add(front + body)
	}
	f.Fuzz(func(t *testing.T, source string) {
		page, err := prose.Parse([]byte(source))
		if err != nil {
			return
		}
		first, err := page.HTML(prose.Values{Processors: "<p>none</p>"})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := page.HTML(prose.Values{Processors: "<p>none</p>"}); err != nil || again != first {
			t.Fatalf("%v, first %q, then %q", err, first, again)
		}
		checkHTML(t, first)
	})
}

func checkHTML(t *testing.T, text template.HTML) {
	t.Helper()
	var open []string
	for tokens := html.NewTokenizer(strings.NewReader(string(text))); ; {
		kind := tokens.Next()
		token := tokens.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%q: not closed: %v", text, open)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			checkTag(t, token)
			if !strings.Contains("|br|hr|img|", "|"+token.Data+"|") {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("%q: </%s> closes %v", text, token.Data, open)
			}
			open = open[:len(open)-1]
		case html.CommentToken:
			if token.Data != "" {
				t.Errorf("%q has a remark: HTML was left out without a word", text)
			}
		}
	}
}

func checkTag(t *testing.T, token html.Token) {
	t.Helper()
	attributes, ok := allowed[token.Data]
	if !ok {
		t.Errorf("element %s", token)
	}
	for _, a := range token.Attr {
		scheme, _, absolute := strings.Cut(strings.ToLower(strings.TrimSpace(a.Val)), ":")
		switch {
		case strings.HasPrefix(a.Key, "on"), !strings.Contains(" "+attributes+" ", " "+a.Key+" "):
			t.Errorf("attribute %s in %s", a.Key, token)
		case absolute && (a.Key == "href" || a.Key == "src") && (scheme == "javascript" || scheme == "vbscript" || scheme == "data" && token.Data == "a"):
			t.Errorf("address %s", token)
		}
	}
}
