package web

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
)

// iconSizes are what browsers ask of a site that can be installed, in pixels.
var iconSizes = []int{192, 512}

const (
	// safeZone is the circle of an icon that every mask leaves, by its diameter
	// (W3C Web App Manifest, "Icon masks and safe zone").
	safeZone = .8
	samples  = 4 // a side of each pixel, against jagged edges
)

// renderIcon puts a logo on a square of paper, inside the safe zone, and returns that
// as a PNG.
func renderIcon(logo image.Image, size int) ([]byte, error) {
	paper, err := parseColour(lightPaper)
	if err != nil {
		return nil, err
	}
	icon := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(icon, icon.Bounds(), image.NewUniform(color.RGBA{paper[0], paper[1], paper[2], 255}), image.Point{}, draw.Src)

	from := image.NewRGBA(image.Rectangle{Max: logo.Bounds().Size()})
	draw.Draw(from, from.Bounds(), logo, logo.Bounds().Min, draw.Src)
	width, height := float64(from.Bounds().Dx()), float64(from.Bounds().Dy())
	scale := safeZone * float64(size) / math.Hypot(width, height)
	left, top := (float64(size)-width*scale)/2, (float64(size)-height*scale)/2
	for y := int(top); y < size-int(top); y++ {
		for x := int(left); x < size-int(left); x++ {
			under := icon.RGBAAt(x, y)
			icon.SetRGBA(x, y, average(from, under, (float64(x)-left)/scale, (float64(y)-top)/scale, 1/scale))
		}
	}
	var out bytes.Buffer
	err = png.Encode(&out, icon)
	return out.Bytes(), err
}

// average is the colour of the square of that side at (x, y) of a picture, over paper.
func average(from *image.RGBA, paper color.RGBA, x, y, side float64) color.RGBA {
	var sum [3]int
	for i := range samples * samples {
		at := from.RGBAAt(
			int(math.Floor(x+(float64(i%samples)+.5)*side/samples)),
			int(math.Floor(y+(float64(i/samples)+.5)*side/samples)),
		) // premultiplied; outside of the picture: nothing
		clear := 255 - int(at.A)
		sum[0] += int(at.R) + int(paper.R)*clear/255
		sum[1] += int(at.G) + int(paper.G)*clear/255
		sum[2] += int(at.B) + int(paper.B)*clear/255
	}
	const n = samples * samples
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
