package main

import (
	"bytes"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/moderate/pdq"
)

// What is imported is looked for at once, and after a restart; what is removed is not.
func TestKnownImagesAreKept(t *testing.T) {
	dir, still := t.TempDir(), filepath.Join(t.TempDir(), "still.jpg")
	if err := os.WriteFile(still, stripes(t), 0o600); err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(stripes(t)))
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := pdq.Of(picture)
	list := filepath.Join(t.TempDir(), "hashes.csv")
	if err := os.WriteFile(list, []byte(hash.String()+"\nnothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := func(c *config.Config) { c.DataDir, c.Moderation.Classifier = dir, oracle(t).URL }

	d, stop := startDaemonToStop(t, settings)
	if text := command(t, d, "images", "check", still); text != "not known\n" {
		t.Errorf("check: %s", text)
	}
	if text := command(t, d, "images", "import", list, "--dry-run"); !strings.HasPrefix(text, "1 image would be added; 0 known already, 1 refused\n  line 2: the hash") {
		t.Errorf("a dry run: %s", text)
	}
	if text := command(t, d, "images", "import", list); !strings.HasPrefix(text, "1 image added; ") || strings.Contains(text, "restart") {
		t.Errorf("import: %s", text)
	}
	if c := d.images.Compare(picture); c.Outcome != pdq.Known {
		t.Errorf("in the daemon: %+v", c)
	}
	if status, text := output(t, "images", "list", "--offline", "--data-dir", dir); status != exitRefused || !strings.Contains(text, "a daemon is running") {
		t.Errorf("beside the daemon: %d, %s", status, text)
	}
	stop()

	if _, text := output(t, "images", "check", still, "--offline", "--data-dir", dir); text != "known: it looks like "+hash.String()+" of hashes.csv (0 of 256 bits differ)\n" {
		t.Errorf("check: %s", text)
	}
	d = startDaemon(t, settings)
	if got := complete(t, "images", "remove", "--socket", d.adminPath, ""); len(got) != 1 || got[0] != "hashes.csv\t1 image" {
		t.Errorf("remove offers %q", got)
	}
	if text := command(t, d, "images", "remove", "hashes.csv"); text != "forgot 1 image; 0 are known\n" {
		t.Errorf("remove: %s", text)
	}
	if text := command(t, d, "images", "list"); text != "no image is known\n" {
		t.Errorf("list: %s", text)
	}
	if _, text := output(t, "audit", "list", "--data-dir", dir); !strings.Contains(text, "  images.import   ") || !strings.Contains(text, "source=hashes.csv\n") || !strings.Contains(text, "  images.remove   ") {
		t.Errorf("the audit log:\n%s", text)
	}
	if status, text := output(t, "images", "check", list, "--socket", d.adminPath); status != exitRefused || !strings.Contains(text, "write the name of a JPEG, PNG or GIF") {
		t.Errorf("no picture: %d, %s", status, text)
	}
}

// A list can be imported before the first start.
func TestKnownImagesWithoutADaemon(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "hashes.txt")
	if err := os.WriteFile(list, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"images", "import", list, "--offline", "--data-dir", dir}
	if status, text := output(t, args...); status != exitRefused || !strings.Contains(text, "nothing on hashes.txt can be taken") {
		t.Errorf("a bad list: %d, %s", status, text)
	}
	if err := os.WriteFile(list, []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := output(t, args...); status != exitDone || text != "1 image added; 0 known already, 0 refused\n" {
		t.Errorf("a good one: %d, %s", status, text)
	}
	if _, text := output(t, "images", "list", "--offline", "--data-dir", dir); !strings.HasSuffix(text, "\n1 image\n") {
		t.Errorf("list: %s", text)
	}
}
