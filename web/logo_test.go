package web

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">`

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLogo(t *testing.T) {
	ours, err := files.ReadFile("static/logo.svg")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"ours":        string(ours),
		"declaration": "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made by hand -->\n" + svgHead + `<title>on sale</title></svg>`,
		"within":      svgHead + `<defs><linearGradient id="a"/></defs><use xlink:href="#b"/><path fill="url(#a)" style="fill:url( '#a' )"/><style>path{fill:url("#a")}</style></svg>`,
		"picture":     svgHead + `<image href="data:image/png;base64,AAAA"/></svg>`,
		"editor's":    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:s="http://sodipodi.sourceforge.net/x.dtd"><s:namedview pagecolor="#fff"/><path d="M0 0"/></svg>`,
	} {
		if logo, err := parseLogo([]byte(body)); err != nil || logo.name() != "site-logo.svg" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if logo, err := parseLogo(pngOf(t, 64, 32)); err != nil || logo.name() != "site-logo.png" {
		t.Errorf("a PNG: %v", err)
	}
}

func TestLogoRefused(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{"", "neither an SVG nor a PNG"},
		{"GIF89a", "convert it"},
		{"\xff\xd8\xff\xe0", "neither"},
		{"\x89PNG\r\n\x1a\nrest", "damaged PNG"},
		{string(pngOf(t, 64, 64)[:60]), "damaged PNG"},
		{string(pngOf(t, maxLogoSide+1, 1)), "at most 2048 on each side"},
		{"<html></html>", "begins with <html>"},
		{"<svg></svg>", `xmlns="http://www.w3.org/2000/svg"`},
		{svgHead, "no SVG that can be read"},
		{svgHead + "</svg>" + svgHead + "</svg>", "begins with <svg>"},
		{"<!-- nothing -->", "no SVG that can be read"},
		{"<!DOCTYPE svg [<!ENTITY x '<script/>'>]>" + svgHead + "&x;</svg>", "<!DOCTYPE>"},
		{`<?xml-stylesheet href="//x.test/a.css"?>` + svgHead + "</svg>", "<?xml-stylesheet>"},
		{svgHead + "<script>alert(1)</script></svg>", "<script>"},
		{svgHead + `<x:script xmlns:x="http://www.w3.org/2000/svg"/></svg>`, "<script>"},
		{svgHead + "<SCRIPT/></svg>", "<SCRIPT>"},
		{svgHead + "<foreignObject><p/></foreignObject></svg>", "<foreignObject>"},
		{svgHead + `<p xmlns="http://www.w3.org/1999/xhtml"/></svg>`, "<p>"},
		{svgHead + `<path onclick="x()"/></svg>`, "onclick"},
		{svgHead + `<path ONLOAD="x()"/></svg>`, "ONLOAD"},
		{svgHead + `<image href="https://x.test/a.png"/></svg>`, "https://x.test/a.png"},
		{svgHead + `<use xlink:href="//x.test/a.svg#b"/></svg>`, "a reference to"},
		{svgHead + `<a href="javascript:x()"/></svg>`, "javascript:x()"},
		{svgHead + `<image href="data:image/svg+xml;base64,AAAA"/></svg>`, "data:image/svg+xml"},
		{svgHead + `<a href="#b"><set attributeName="xlink:href" to="//x.test"/></a></svg>`, "<set> of references"},
		{svgHead + `<path fill="url(https://x.test/a#b)"/></svg>`, "leads out of the file"},
		{svgHead + `<path style="fill:URL( 'x.svg#b')"/></svg>`, "leads out of the file"},
		{svgHead + `<style>@import "x.css";</style></svg>`, "@import"},
		{svgHead + `<style>path{fill:u<!-- -->rl(//x.test)}</style></svg>`, "leads out of the file"},
		{svgHead + `<style>path{fill:u<g/>rl(//x.test)}</style></svg>`, "<g> within a <style>"},
		{svgHead + `<style><![CDATA[path{fill:url(x)}]]></style></svg>`, "leads out of the file"},
		{svgHead + `<style>path{fill:u\72l(x)}</style></svg>`, `"\\"`},
		{svgHead + `<path fill="&#117;rl(x)"/></svg>`, "leads out of the file"},
	} {
		if _, err := parseLogo([]byte(test.body)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80q: %v, want %q", test.body, err, test.want)
		}
	}
}

func TestLoadLogo(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"good.svg": svgHead + "</svg>", "big.svg": svgHead + strings.Repeat(" ", maxLogo) + "</svg>", "bad.png": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"none.svg": "give the path", "big.svg": "smaller than 102400", "bad.png": "convert it", "good.svg": ""} {
		_, err := LoadLogo(filepath.Join(dir, name))
		if got := fmt.Sprint(err); (err == nil) != (want == "") || want != "" && (!strings.Contains(got, want) || !strings.Contains(got, name)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

var script = regexp.MustCompile(`(?i)<script[\s/>]`)

func FuzzLogo(f *testing.F) {
	f.Add([]byte(svgHead + `<path fill="url(#a)"/></svg>`))
	f.Add([]byte(svgHead + `<style>a{}</style><script/></svg>`))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		logo, err := parseLogo(body)
		if err == nil && logo.pixels == nil && script.Match(body) && !bytes.Contains(body, []byte("<!")) && !bytes.Contains(body, []byte("<?")) {
			t.Errorf("a script passes: %q", body)
		}
	})
}
