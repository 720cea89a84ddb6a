package web

import (
	"encoding/json"
	"fmt"
	"path"
)

const (
	manifestPath = "/manifest.webmanifest"
	shortName    = 12 // characters that fit below an icon
)

// manifest is a W3C Web App Manifest: with it browsers offer to install the site.
type manifest struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	ShortName       string         `json:"short_name"`
	StartURL        string         `json:"start_url"`
	Scope           string         `json:"scope"`
	Display         string         `json:"display"`
	ThemeColor      string         `json:"theme_color"`
	BackgroundColor string         `json:"background_color"`
	Icons           []manifestIcon `json:"icons"`
}

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

func newManifest(o Options, static assets) (document, error) {
	m := manifest{
		ID: "/", Name: o.SiteName, ShortName: o.SiteName,
		StartURL: "/", Scope: "/", Display: "standalone",
		ThemeColor: lightPaper, BackgroundColor: lightPaper,
	}
	if short := []rune(o.SiteName); len(short) > shortName {
		m.ShortName = string(short[:shortName])
	}
	if o.Accent != nil {
		m.ThemeColor = o.Accent.colour
	}
	if logo := o.Logo.name(); path.Ext(logo) == ".svg" {
		m.Icons = append(m.Icons, manifestIcon{static.prefix + logo, "any", contentTypes[".svg"], "any"})
	}
	for _, size := range iconSizes {
		if name := o.Logo.icon(size); name != "" {
			m.Icons = append(m.Icons, manifestIcon{static.prefix + name, fmt.Sprintf("%dx%[1]d", size), contentTypes[".png"], "any maskable"})
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return document{}, err
	}
	return newDocument(body, "application/manifest+json")
}

// icon is the file of the logo's icon of a size under /static/; empty if it has
// none, because it is an SVG of the operator's, which is an icon of any size itself.
func (l *Logo) icon(size int) string {
	switch {
	case l == nil:
		return fmt.Sprintf("icon-%d.png", size)
	case l.pixels == nil:
		return ""
	}
	return fmt.Sprintf("site-icon-%d.png", size)
}
