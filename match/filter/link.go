package filter

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

var (
	// schemePattern is a URL with its scheme, "h t t p : / /" too.
	schemePattern = regexp.MustCompile(`(?:\b[a-z][a-z0-9+.-]{1,20}:/+|\b(?:h ?(?:t ?t|x ?x) ?p ?s?|f ?t ?p) ?[:;] ?/ ?/ ?)[^\s/]\S*`)

	// hostPattern begins with names with dots between, however these are written, and a
	// port and path. The groups are the names with dots, the port, the path.
	hostPattern = regexp.MustCompile(`^(` + name + `(?:` + dot + name + `)+)(:\d{2,5}\b)?((?: ?/ ?| slash )[^\s/]\S*|/|[?#][^\s?]\S*)?`)
	dotPattern  = regexp.MustCompile(dot)

	// spacedPattern is "www example com".
	spacedPattern = regexp.MustCompile(`\bwww[ .,]+` + name + `[ .,]+(?:com|net|org|info|ru|io|co)\b`)

	// cuePattern ends with what a host comes after, not a new sentence.
	cuePattern = regexp.MustCompile(`(?:^|[^\pL])(?:visit|(?:web)?(?:site|page)|link|url|go ?to|check(?: out)?|domain|https?|www)(?: is| at| my| on| this|[:=>-])* ?$`)

	colonsPattern = regexp.MustCompile(`[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*`)
)

const (
	name = `[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?`
	dot  = `(?: ?[(\[{<] ?(?:\.|d[o0]t) ?[)\]}>] ?| (?:d[o0]t|punkt|punto|ponto|point) |\.| \. ?)`
)

// maxDots is how many dots a line may have that might join the names of a host.
const maxDots = 64

// findLinks adds the links of the line.
func (d *finder) findLinks() {
	if d.signs&signScheme != 0 {
		for _, m := range schemePattern.FindAllIndex(d.text, -1) {
			end := trimEnd(d.text, m[0], m[1])
			d.add(link, m[0], end, linkKey(string(d.text[m[0]:end])))
		}
	}
	next, tries := 0, 0
	for _, at := range d.dots {
		if at < next {
			continue
		}
		if tries++; tries > maxDots { // that is no talk, and would take long to search
			d.add(link, at, len(d.text), "")
			break
		}
		start := max(next, nameStart(d.text, at))
		m := hostPattern.FindSubmatchIndex(d.text[start:])
		if m == nil {
			continue
		}
		for i := range m {
			if m[i] >= 0 {
				m[i] += start
			}
		}
		next = d.addHost(m)
	}
	if d.signs&signWWW != 0 {
		for _, m := range spacedPattern.FindAllIndex(d.text, -1) {
			d.add(link, m[0], m[1], linkKey(strings.NewReplacer(" ", ".", ",", ".").Replace(string(d.text[m[0]:m[1]]))))
		}
	}
	if d.signs&signColons != 0 {
		for _, m := range colonsPattern.FindAllIndex(d.text, -1) {
			if isIPv6(string(d.text[m[0]:m[1]])) {
				d.add(link, m[0], m[1], string(d.text[m[0]:m[1]]))
			}
		}
	}
}

// nameStart returns where the name before the dot at i begins.
func nameStart(text []byte, i int) int {
	for n := 0; n < 3 && i > 0 && (text[i-1] == ' ' || strings.IndexByte("([{<", text[i-1]) >= 0); n++ {
		i--
	}
	for i > 0 && (isWordByte(text[i-1]) || text[i-1] == '-' || text[i-1] == '_') {
		i--
	}
	for i < len(text) && (text[i] == '-' || text[i] == '_') {
		i++
	}
	return i
}

// addHost adds the host that the match begins with, if it is one: of
// "example.com.how are you" the first two names. It returns where to go on.
func (d *finder) addHost(m []int) (next int) {
	names := string(d.text[m[2]:m[3]])
	dots := dotPattern.FindAllStringIndex(names, -1)
	if m[2] > 0 && d.text[m[2]-1] == '@' {
		return m[1] // an e-mail address that was found, or a handle
	}
	hasPath := m[4] >= 0 || m[6] >= 0 && m[7]-m[6] > 1 && !bytes.HasPrefix(d.text[m[6]:], []byte(" /")) && !bytes.HasPrefix(d.text[m[6]:], []byte("/ "))
	cued := cuePattern.Match(d.text[max(0, m[2]-24):m[2]])
	for n := len(dots); n >= 1; n-- {
		end := len(names)
		if n < len(dots) {
			end = dots[n][0]
		}
		whole := n == len(dots)
		// What joins the last two decides, and brackets anywhere.
		sure := sureness(names[dots[n-1][0]:dots[n-1][1]])
		if cued || whole && hasPath || strings.HasPrefix(names, "www") {
			sure = meant
		}
		labels := split(names[:end], dots[:n])
		if !isHost(labels, sure) && !isHost(d.unfolded(m[2], m[2]+end, len(labels)), sure) {
			continue
		}
		stop := m[2] + end
		key := strings.Join(labels, ".")
		if whole {
			stop = trimEnd(d.text, m[2], m[1])
			if m[6] >= 0 && stop > m[6] {
				key += "/" + strings.TrimLeft(string(d.text[m[6]:stop]), "/ slah")
			}
		}
		d.add(link, m[2], stop, linkKey(key))
		return stop
	}
	// "ok. example . com": the next name may begin one.
	return m[2] + dots[0][1]
}

// unfolded returns the labels of text[start:end] as they were written, for a
// top-level domain of another script. It returns one label where there are not n.
func (d *finder) unfolded(start, end, n int) []string {
	if isASCII(string(d.text[start:end])) {
		return []string{""}
	}
	from, to := d.span(start, end)
	labels := dotPattern.Split(norm.NFKC.String(strings.ToLower(d.line[from:to])), -1)
	if len(labels) != n {
		return []string{""}
	}
	return labels
}

// sureness is what a way to write a dot is evidence of.
func sureness(dot string) evidence {
	switch trimmed := strings.Trim(dot, " "); {
	case dot == ".":
		return joined
	case trimmed == ".":
		return spaced
	case strings.ContainsAny(trimmed, "([{<"):
		return meant
	default:
		return spelt
	}
}

func split(names string, dots [][]int) (labels []string) {
	at := 0
	for _, d := range dots {
		labels = append(labels, names[at:d[0]])
		at = d[1]
	}
	return append(labels, names[at:])
}

// trimEnd returns where text[start:end] ends without the punctuation of the
// sentence that it is in.
func trimEnd(text []byte, start, end int) int {
	for end > start+1 && strings.IndexByte(`.,;:!?)]}>"'*`, text[end-1]) >= 0 {
		end--
	}
	return end
}

// linkKey is what makes a link the same again: host and path, no query.
func linkKey(text string) string {
	if _, rest, ok := strings.Cut(text, "//"); ok {
		text = rest
	}
	text = strings.ReplaceAll(text, " ", "")
	if i := strings.IndexAny(text, "?#"); i > 0 {
		text = text[:i]
	}
	return strings.Trim(strings.TrimPrefix(text, "www."), "/.")
}
