package web

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
)

const (
	maxLogo     = 100 << 10 // bytes
	maxLogoSide = 2048      // pixels
)

// Logo is an operator's own, an SVG or PNG that was checked.
type Logo struct {
	body   []byte
	pixels image.Image // nil: an SVG
}

// LoadLogo reads and checks a logo. Its errors say what to do.
func LoadLogo(path string) (*Logo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w; give the path of an SVG or PNG", err)
	}
	if info.Size() > maxLogo {
		return nil, fmt.Errorf("%s: has %d bytes; make it smaller than %d", path, info.Size(), maxLogo)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	logo, err := parseLogo(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return logo, nil
}

// parseLogo tells an SVG from a PNG by its first bytes, whatever the file is called.
func parseLogo(body []byte) (*Logo, error) {
	if !bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")) {
		if !bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n"), []byte("<")) {
			return nil, errors.New("is neither an SVG nor a PNG; convert it to one of these")
		}
		return &Logo{body: body}, checkSVG(body)
	}
	size, err := png.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("is a damaged PNG (%w); save it anew", err)
	}
	if size.Width > maxLogoSide || size.Height > maxLogoSide {
		return nil, fmt.Errorf("has %d × %d pixels; make it at most %d on each side", size.Width, size.Height, maxLogoSide)
	}
	pixels, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("is a damaged PNG (%w); save it anew", err)
	}
	return &Logo{body: body, pixels: pixels}, nil
}

// name is the logo's file under /static/: another one than that of ours, so that no
// cache mistakes them.
func (l *Logo) name() string {
	switch {
	case l == nil:
		return "logo.svg"
	case l.pixels == nil:
		return "site-logo.svg"
	}
	return "site-logo.png"
}
