package web

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

func readManifest(t *testing.T, o Options) (http.Handler, manifest) {
	t.Helper()
	o.Policy = "1"
	site, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := get(site, manifestPath, "")
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/manifest+json" {
		t.Fatalf("status %d, Content-Type %q", w.Code, got)
	}
	var m manifest
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return site, m
}

func TestManifest(t *testing.T) {
	accent, err := ParseAccent("#b3452a")
	if err != nil {
		t.Fatal(err)
	}
	svg, err := parseLogo([]byte(svgHead + "</svg>"))
	if err != nil {
		t.Fatal(err)
	}
	pixels, err := parseLogo(pngOf(t, 64, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name         string
		options      Options
		short, theme string
		sizes        string
	}{
		{"defaults", Options{}, "joingyd", lightPaper, "any 192x192 512x512"},
		{"accent and long name", Options{SiteName: "Überlandgespräche", Accent: accent}, "Überlandgesp", "#b3452a", "any 192x192 512x512"},
		{"SVG", Options{Logo: svg}, "joingyd", lightPaper, "any"},
		{"PNG", Options{Logo: pixels}, "joingyd", lightPaper, "192x192 512x512"},
	} {
		t.Run(test.name, func(t *testing.T) {
			site, m := readManifest(t, test.options)
			if m.ShortName != test.short || m.ThemeColor != test.theme || m.BackgroundColor != lightPaper {
				t.Errorf("short name %q, theme %s, background %s", m.ShortName, m.ThemeColor, m.BackgroundColor)
			}
			if m.StartURL != "/" || m.Scope != "/" || m.Display != "standalone" || m.Name == "" {
				t.Errorf("manifest %+v", m)
			}
			var sizes []string
			for _, icon := range m.Icons {
				sizes = append(sizes, icon.Sizes)
				w := get(site, icon.Src, "")
				if w.Code != http.StatusOK || w.Header().Get("Content-Type") != icon.Type {
					t.Errorf("%s: status %d, %s, want %s", icon.Src, w.Code, w.Header().Get("Content-Type"), icon.Type)
				}
				if icon.Type != "image/png" {
					continue
				}
				size, err := png.DecodeConfig(w.Body)
				if err != nil || icon.Sizes != map[int]string{192: "192x192", 512: "512x512"}[size.Width] || size.Width != size.Height {
					t.Errorf("%s has %d × %d pixels, says %s (%v)", icon.Src, size.Width, size.Height, icon.Sizes, err)
				}
			}
			if got := strings.Join(sizes, " "); got != test.sizes {
				t.Errorf("icons of sizes %s, want %s", got, test.sizes)
			}
		})
	}
}

// An icon is the logo, whole and in proportion, on opaque paper, inside what every
// mask leaves.
func TestIcon(t *testing.T) {
	red, paper := color.RGBA{200, 0, 0, 255}, color.RGBA{0xfb, 0xf6, 0xee, 255}
	for _, shape := range []image.Point{{40, 20}, {20, 40}, {1, 1}, {900, 700}} {
		logo := image.NewRGBA(image.Rectangle{image.Pt(5, 7), image.Pt(5, 7).Add(shape)})
		draw.Draw(logo, logo.Bounds(), image.NewUniform(red), image.Point{}, draw.Src)
		body, err := renderIcon(logo, 192)
		if err != nil {
			t.Fatal(err)
		}
		icon, err := png.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var filled image.Rectangle
		for y := range 192 {
			for x := range 192 {
				switch got := color.RGBAModel.Convert(icon.At(x, y)).(color.RGBA); {
				case got.A != 255:
					t.Fatalf("%v: (%d, %d) is transparent", shape, x, y)
				case got != paper:
					filled = filled.Union(image.Rect(x, y, x+1, y+1))
					if dx, dy := x-96, y-96; dx*dx+dy*dy > 78*78 {
						t.Fatalf("%v: (%d, %d) is outside of the safe zone", shape, x, y)
					}
				}
			}
		}
		if got := color.RGBAModel.Convert(icon.At(96, 96)); got != red {
			t.Errorf("%v: the middle is %v", shape, got)
		}
		wide, want := float64(filled.Dx())/float64(filled.Dy()), float64(shape.X)/float64(shape.Y)
		if wide < want*.96 || wide > want*1.04 {
			t.Errorf("%v became %v", shape, filled)
		}
	}
}
