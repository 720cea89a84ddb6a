package pdq

import (
	"image"
	"image/color"
)

// luma writes how bright the pixels of a row are, 0 to 255, with y from 0. What is
// transparent counts as if it were not, which is what the Python binding of the
// reference makes of it.
func luma(row []float32, img image.Image, y int) {
	from := img.Bounds().Min
	switch img := img.(type) {
	case *image.YCbCr:
		for x := range row {
			at := img.COffset(from.X+x, from.Y+y)
			row[x] = brightness(color.YCbCrToRGB(img.Y[img.YOffset(from.X+x, from.Y+y)], img.Cb[at], img.Cr[at]))
		}
	case *image.Gray:
		at := img.PixOffset(from.X, from.Y+y)
		for x, v := range img.Pix[at : at+len(row)] {
			row[x] = float32(v)
		}
	case *image.NRGBA:
		at := img.PixOffset(from.X, from.Y+y)
		pixels := img.Pix[at : at+4*len(row)]
		for x := range row {
			row[x] = brightness(pixels[4*x], pixels[4*x+1], pixels[4*x+2])
		}
	case *image.RGBA:
		at := img.PixOffset(from.X, from.Y+y)
		pixels := img.Pix[at : at+4*len(row)]
		for x := range row {
			r, g, b, a := pixels[4*x], pixels[4*x+1], pixels[4*x+2], pixels[4*x+3]
			if a < 255 {
				c := color.NRGBAModel.Convert(color.RGBA{r, g, b, a}).(color.NRGBA)
				r, g, b = c.R, c.G, c.B
			}
			row[x] = brightness(r, g, b)
		}
	default:
		for x := range row {
			c := color.NRGBAModel.Convert(img.At(from.X+x, from.Y+y)).(color.NRGBA)
			row[x] = brightness(c.R, c.G, c.B)
		}
	}
}

// brightness is fillFloatLumaFromRGB of the reference. The conversions keep a compiler
// from fusing a product into a sum, which would round otherwise.
func brightness(r, g, b uint8) float32 {
	return float32(float32(0.299)*float32(r)) + float32(float32(0.587)*float32(g)) + float32(float32(0.114)*float32(b))
}
