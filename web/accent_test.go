package web

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestAccent(t *testing.T) {
	for _, test := range []struct{ colour, text, err string }{
		{"#b3452a", "#ffffff", ""},
		{"#B3452A", "#ffffff", ""},
		{"#c2607f", "#000000", ""},
		{"#1f7a8c", "#ffffff", ""},
		{"#ffffff", "", "contrast of 1.08:1 against the light paper #fbf6ee, and 3:1 is needed to see it; choose a darker colour"},
		{"#ff6b4a", "", "choose a darker colour"},
		{"#000000", "", "contrast of 1.15:1 against the dark paper #16131f, and 3:1 is needed to see it; choose a lighter colour"},
		{"#241b3d", "", "choose a lighter colour"},
		{"b3452a", "", "#rrggbb"},
		{"#b3452", "", "#rrggbb"},
		{"#b3452a0", "", "#rrggbb"},
		{"#-12345", "", "#rrggbb"},
		{"#12345g", "", "#rrggbb"},
	} {
		accent, err := ParseAccent(test.colour)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v, want %q", test.colour, err, test.err)
			}
		case err != nil || *accent != Accent{test.colour, test.text}:
			t.Errorf("%s: %v, %v; want text %s", test.colour, accent, err, test.text)
		}
	}
}

// Ratios that WCAG's own examples give.
func TestContrast(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ff0000", "#ffffff", 4.00}, {"#abcdef", "#abcdef", 1}} {
		a, errA := luminance(test.a)
		b, errB := luminance(test.b)
		if got := contrast(a, b); errA != nil || errB != nil || math.Abs(got-test.want) > .005 || got != contrast(b, a) {
			t.Errorf("%s on %s: %.3f, want %.2f (%v, %v)", test.a, test.b, got, test.want, errA, errB)
		}
	}
}

// Text on any accent that is taken can be read, and the papers are site.css's.
func TestAccentText(t *testing.T) {
	taken := 0
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				accent, err := ParseAccent("#" + hexOf(r, g, b))
				if err != nil {
					continue
				}
				taken++
				under, _ := luminance(accent.colour)
				over, _ := luminance(accent.text)
				if got := contrast(under, over); got < 4.5 {
					t.Errorf("%s on %s: %.2f", accent.text, accent.colour, got)
				}
			}
		}
	}
	if taken < 100 {
		t.Errorf("only %d colours were taken", taken)
	}
	css, err := files.ReadFile("static/site.css")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("--paper: light-dark(%s, %s);", lightPaper, darkPaper); !strings.Contains(string(css), want) {
		t.Errorf("site.css lacks %q: accents are checked against other papers than it has", want)
	}
}

func hexOf(values ...int) string {
	var out strings.Builder
	for _, v := range values {
		out.WriteString("0123456789abcdef"[v>>4 : v>>4+1])
		out.WriteString("0123456789abcdef"[v&15 : v&15+1])
	}
	return out.String()
}
