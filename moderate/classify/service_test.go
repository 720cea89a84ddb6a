package classify_test

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
)

// picture is a JPEG of 160×120 pixels.
func picture(t *testing.T, at func(x, y int) color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			img.Set(x, y, at(x, y))
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// startService runs packaging/classifier with a token, and returns where it listens,
// and how it is stopped.
func startService(t *testing.T, token string) (url string, stop func()) {
	t.Helper()
	service, err := filepath.Abs("../../packaging/classifier")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(service, "node_modules")); err != nil {
		t.Skip("packaging/classifier/node_modules is missing; make test-classifier installs it")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	url = "unix://" + filepath.Join(dir, "c.sock")
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(service, "main.js"), "--listen", url, "--token-file", file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(ready, "classifier ready: "+url) {
		cmd.Process.Kill()
		t.Fatalf("it says %q, %v: %v %s", ready, err, cmd.Wait(), &stderr)
	}
	return url, func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("it ends with %v: %s", err, &stderr)
		}
	}
}

func TestRealService(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	url, stop := startService(t, token)
	defer stop()
	c, err := classify.New(classify.Options{URL: url, Token: token, Timeout: 8 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	about, err := c.Model(t.Context())
	if err != nil || about.Ages || !slices.Contains(about.Labels, "drawing") {
		t.Fatalf("Model: %+v, %v", about, err)
	}

	blue := picture(t, func(int, int) color.Color { return color.RGBA{40, 60, 230, 255} })
	verdict, err := c.Classify(t.Context(), blue)
	if err != nil || verdict.Model != about.Model || len(verdict.Labels) != len(about.Labels) || verdict.Labels["drawing"] < 0.5 {
		t.Errorf("a sheet of blue: %+v, %v; want a drawing", verdict, err)
	}
	if again, err := c.Classify(t.Context(), blue); err != nil || !reflect.DeepEqual(again, verdict) {
		t.Errorf("the same once more: %+v, %v; want %+v", again, err, verdict)
	}
	grey, err := c.Classify(t.Context(), picture(t, func(int, int) color.Color { return color.White }))
	if err != nil || reflect.DeepEqual(grey, verdict) {
		t.Errorf("another picture: %+v, %v", grey, err)
	}
	for _, bad := range [][]byte{[]byte("GIF89a"), blue[:len(blue)/2]} {
		if _, err := c.Classify(t.Context(), bad); !errors.Is(err, classify.ErrImage) {
			t.Errorf("no whole JPEG: %v, want ErrImage", err)
		}
	}
	checkStats(t, c, classify.Stats{Asked: 5, Answered: 3, Failed: classify.Failures{Image: 2}})

	stranger, err := classify.New(classify.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Classify(t.Context(), blue); !errors.Is(err, classify.ErrUnavailable) || !strings.Contains(err.Error(), "check Token") {
		t.Errorf("without the token: %v", err)
	}
}
