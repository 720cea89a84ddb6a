package web

import (
	"fmt"
	"math"
	"strconv"
)

// What the accent must stand out from: --paper of site.css, by day and by night.
const (
	lightPaper = "#fbf6ee"
	darkPaper  = "#16131f"
)

// leastContrast is that of parts of the interface (WCAG 2.2, criterion 1.4.11).
const leastContrast = 3

// Accent is a site's own colour, and that of text on it.
type Accent struct{ colour, text string } // #rrggbb

// ParseAccent reads a colour, #rrggbb, that can be told from the paper by day and by
// night. Text on it is black or white, whichever is easier to read: one of them always
// has a contrast of at least 4.58:1, more than the 4.5 of criterion 1.4.3.
func ParseAccent(colour string) (*Accent, error) {
	own, err := luminance(colour)
	if err != nil {
		return nil, err
	}
	for _, paper := range []struct{ name, colour, remedy string }{
		{"light", lightPaper, "darker"}, {"dark", darkPaper, "lighter"},
	} {
		under, err := luminance(paper.colour)
		if err != nil {
			return nil, err
		}
		if got := contrast(own, under); got < leastContrast {
			return nil, fmt.Errorf("%s has a contrast of %.2f:1 against the %s paper %s, and %d:1 is needed to see it; choose a %s colour",
				colour, got, paper.name, paper.colour, leastContrast, paper.remedy)
		}
	}
	if contrast(own, 0) > contrast(own, 1) {
		return &Accent{colour, "#000000"}, nil
	}
	return &Accent{colour, "#ffffff"}, nil
}

// coloursFile is where stylesheet is served, under /static/.
const coloursFile = "site-colours.css"

// stylesheet sets the custom properties that site.css uses.
func (a *Accent) stylesheet() []byte {
	return fmt.Appendf(nil, ":root {\n  --accent: %s;\n  --on-accent: %s;\n}\n", a.colour, a.text)
}

// luminance is the relative luminance of #rrggbb as WCAG 2.2 defines it, 0 to 1.
func luminance(colour string) (float64, error) {
	rgb, err := parseColour(colour)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, share := range []float64{.2126, .7152, .0722} {
		c := float64(rgb[i]) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum, nil
}

// contrast is the ratio of two luminances, 1 to 21.
func contrast(a, b float64) float64 { return (max(a, b) + .05) / (min(a, b) + .05) }

func parseColour(colour string) (rgb [3]byte, err error) {
	if len(colour) == 7 && colour[0] == '#' {
		if n, err := strconv.ParseUint(colour[1:], 16, 24); err == nil {
			return [3]byte{byte(n >> 16), byte(n >> 8), byte(n)}, nil
		}
	}
	return rgb, fmt.Errorf("%q is not a colour; write one as #rrggbb, such as #b3452a", colour)
}
