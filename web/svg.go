package web

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xhtmlSpace = "http://www.w3.org/1999/xhtml"
)

// activeElements of SVG run scripts, hold other documents, or play what is not a
// picture. In lower case: HTML's parser would not care.
var activeElements = []string{"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}

// Where styles lead: within the file, or elsewhere.
var (
	styleURL  = regexp.MustCompile(`(?i)url\(\s*["']?\s*(.?)`)
	styleElse = regexp.MustCompile(`(?i)@import|image-set\(|src\(|javascript:|\\`)
)

// checkSVG refuses what is more than a picture, or reaches for something outside of
// the file. The content security policy and <img> would stop all of it, too.
func checkSVG(body []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	var open []string         // local names
	var style strings.Builder // of the <style> that is open: comments may be within a word
	found := false
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && found:
			return nil
		case err != nil:
			return fmt.Errorf("is no SVG that can be read (%w); save it anew as plain SVG, in UTF-8", err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return errors.New("has a <!DOCTYPE>; take that line out")
		case xml.ProcInst:
			if token.Target != "xml" {
				return fmt.Errorf("has an instruction <?%s>; take it out", token.Target)
			}
		case xml.StartElement:
			if len(open) == 0 && (found || token.Name.Local != "svg" || token.Name.Space != svgSpace) {
				return fmt.Errorf(`begins with <%s>; an SVG begins with <svg xmlns=%q>`, token.Name.Local, svgSpace)
			}
			if inStyle(open) { // would part a word that browsers read as one
				return fmt.Errorf("has a <%s> within a <style>; take it out", token.Name.Local)
			}
			found = true
			open = append(open, token.Name.Local)
			if err := checkElement(token); err != nil {
				return err
			}
		case xml.EndElement:
			open = open[:len(open)-1]
			if err := checkStyle(style.String()); err != nil {
				return fmt.Errorf("has a <style> %w", err)
			}
			style.Reset()
		case xml.CharData:
			if inStyle(open) {
				style.Write(token)
			}
		}
	}
}

// inStyle reports whether the innermost element is a <style>.
func inStyle(open []string) bool {
	return len(open) > 0 && strings.EqualFold(open[len(open)-1], "style")
}

func checkElement(e xml.StartElement) error {
	if e.Name.Space == xhtmlSpace || slices.Contains(activeElements, strings.ToLower(e.Name.Local)) {
		return fmt.Errorf("has a <%s>; export it as plain SVG, without scripts or other documents", e.Name.Local)
	}
	for _, a := range e.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.TrimSpace(a.Value)
		switch {
		case a.Name.Space == "xmlns" || name == "xmlns":
			continue // a name, not an address
		case strings.HasPrefix(name, "on"):
			return fmt.Errorf("has a script in the attribute %s of <%s>; take it out", a.Name.Local, e.Name.Local)
		case name == "href" || name == "src":
			if !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "data:image/png;") && !strings.HasPrefix(value, "data:image/jpeg;") {
				return fmt.Errorf("has a reference to %.40q; put what it names into the file, or take it out", value)
			}
		case name == "attributename" && strings.HasSuffix(strings.ToLower(value), "href"):
			return fmt.Errorf("has a <%s> of references; take it out", e.Name.Local)
		}
		if err := checkStyle(value); err != nil {
			return fmt.Errorf("has an attribute %s of <%s> %w", a.Name.Local, e.Name.Local, err)
		}
	}
	return nil
}

// checkStyle refuses what leads out of the file. An escape might hide that.
func checkStyle(text string) error {
	if bad := styleElse.FindString(text); bad != "" {
		return fmt.Errorf("with %q; take that out", bad)
	}
	for _, url := range styleURL.FindAllStringSubmatch(text, -1) {
		if url[1] != "#" {
			return errors.New("with a url(…) that leads out of the file; take it out")
		}
	}
	return nil
}
