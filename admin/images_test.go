package admin_test

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/pdq"
)

const (
	bridge = "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22"
	wee    = "6227401f601ff4ccafcc9fad4b0d95d371a2eb7265a3285234d228ca94deeb2d"
)

func TestImages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known-images.txt")
	images, err := pdq.Keep(path)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.reopen(func(o *admin.Options) { o.Images, o.Stills = images, true })
	client := connect(t, serve(t, f))
	list := "hash,quality,label\n" + bridge + ",100,\n" + wee + ",12,\n" + wee + ",80,other\nnothing\n" + bridge + ",100,\n"
	for _, dry := range []bool{true, false} {
		r, err := client.ImportImages(t.Context(), admin.ImportImagesRequest{Source: "hotline", DryRun: dry}, strings.NewReader(list))
		total := map[bool]int{true: 0, false: 2}[dry]
		if err != nil || r.New != 2 || r.Known != 1 || r.Refused != 2 || len(r.Refusals) != 2 || r.Refusals[0].Line != 3 || !strings.Contains(r.Refusals[1].Why, "the hash") || r.Total != total || !r.Stills || r.DryRun != dry {
			t.Errorf("dry %v: %+v, %v", dry, r, err)
		}
	}
	if got, err := client.Images(t.Context()); err != nil || got.Total != 2 || !got.Stills || !slices.Equal(got.Sources, []admin.ImageSource{{Name: "hotline", Images: 1}, {Name: "other", Images: 1}}) {
		t.Errorf("%+v, %v", got, err)
	}
	ask := admin.CheckImageRequest{Quality: 80, Hashes: slices.Repeat([]string{strings.Repeat("0", 64)}, pdq.Turns)}
	if r, err := client.CheckImage(t.Context(), ask); err != nil || r.Outcome != pdq.Unknown || r.Source != "" {
		t.Errorf("%+v, %v", r, err)
	}
	ask.Hashes[3] = bridge[:63] + "3" // a bit away, and turned
	if r, err := client.CheckImage(t.Context(), ask); err != nil || r.Outcome != pdq.Known || r.Source != "hotline" || r.Hash != bridge || r.Distance != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	ask.Quality = 49
	if r, err := client.CheckImage(t.Context(), ask); err != nil || r.Outcome != pdq.NotComparable || r.Source != "" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := client.RemoveImages(t.Context(), admin.RemoveImagesRequest{Source: "hotline"}); err != nil || r.Removed != 1 || r.Total != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if again, err := pdq.Load(path); err != nil || again.Len() != 1 {
		t.Errorf("on disk: %v, %v", again, err)
	}

	// What breaks off changes nothing.
	cut := io.MultiReader(strings.NewReader(bridge+"\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err = f.ImportImages(t.Context(), admin.ImportImagesRequest{Source: "a"}, cut)
	wantError(t, "cut off", err, admin.CodeInternal, "nothing was imported")
	_, err = client.RemoveImages(t.Context(), admin.RemoveImagesRequest{Source: "hotline"})
	wantError(t, "a source that is none", err, admin.CodeNotFound, "joingyd images list names")
	_, err = client.ImportImages(t.Context(), admin.ImportImagesRequest{}, strings.NewReader(""))
	wantError(t, "no source", err, admin.CodeInvalid, "the source is missing")
	_, err = client.ImportImages(t.Context(), admin.ImportImagesRequest{Source: strings.Repeat("x", 81)}, strings.NewReader(""))
	wantError(t, "a long source", err, admin.CodeInvalid, "longer than 80")
	_, err = client.CheckImage(t.Context(), admin.CheckImageRequest{Hashes: []string{bridge}})
	wantError(t, "one hash", err, admin.CodeInvalid, "there are 1; write the 8")
	ask.Hashes[7] = "x"
	_, err = client.CheckImage(t.Context(), ask)
	wantError(t, "no hash", err, admin.CodeInvalid, "number 8")
	_, err = admin.NewService(f.bans, nil).Images(t.Context())
	wantError(t, "without a list", err, admin.CodeUnavailable, "no list of known images")
}
