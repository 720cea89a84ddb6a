package ncmec_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/ncmec"
)

// jpeg begins like one.
const jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"

func bundle() ncmec.Bundle {
	return ncmec.Bundle{Report: chat(), Files: []ncmec.File{
		{Content: []byte(jpeg), Details: still()},
		{Content: []byte("what is this"), Details: still()},
	}}
}

func TestExport(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "report")
	if err := ncmec.Export(dir, bundle()); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
		names = append(names, entry.Name())
	}
	if want := []string{"README.txt", "file-1.jpg", "file-2.bin", "file-details-1.xml", "file-details-2.xml", "report.xml"}; !slices.Equal(names, want) {
		t.Errorf("Export wrote %q, want %q", names, want)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v", info.Mode(), err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "file-1.jpg")); err != nil || string(got) != jpeg {
		t.Errorf("file-1.jpg is %q, %v", got, err)
	}
	if err := ncmec.Export(dir, bundle()); !errors.Is(err, ncmec.ErrExists) {
		t.Errorf("a second Export: %v, want ErrExists", err)
	}
	onlyEntry(t, parent, "report")
}

// onlyEntry checks that nothing else was left.
func onlyEntry(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("there are %q, %v; want %q", got, err, want)
	}
}

func TestExportWritesAllOrNothing(t *testing.T) {
	parent := t.TempDir()
	wrong := bundle()
	wrong.Report.Reporter.ReportingPerson.Email = nil
	wrong.Files[1] = ncmec.File{}
	err := ncmec.Export(filepath.Join(parent, "report"), wrong)
	for _, want := range []string{"reporter.reportingPerson.email", "file 2: fileViewedByEsp", "file 2: content: is empty"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Export: %v, want %q named", err, want)
		}
	}
	if err := ncmec.Export(filepath.Join(parent, "none", "report"), bundle()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Export into no directory: %v", err)
	}
	file := filepath.Join(parent, "file")
	if err := os.Symlink("nowhere", file); err != nil {
		t.Fatal(err)
	}
	if err := ncmec.Export(file, bundle()); !errors.Is(err, ncmec.ErrExists) {
		t.Errorf("Export onto a link: %v", err)
	}
	onlyEntry(t, parent, "file")
}

func TestReadmeNamesTheServerThatWasChosen(t *testing.T) {
	for endpoint, want := range map[ncmec.Endpoint][2]string{
		ncmec.Test:       {"https://exttest.cybertip.org/ispws/submit", "REPORTS NOBODY"},
		ncmec.Production: {"https://report.cybertip.org/ispws/submit", "IS A REPORT"},
		7:                {"https://exttest.cybertip.org/ispws/submit", "REPORTS NOBODY"},
	} {
		dir := filepath.Join(t.TempDir(), "report")
		if err := ncmec.Export(dir, ncmec.Bundle{Endpoint: endpoint, Report: page()}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "README.txt"))
		if err != nil || !strings.Contains(string(text), want[0]) || !strings.Contains(string(text), want[1]) || strings.Contains(string(text), "/upload") {
			t.Errorf("endpoint %d: %v\n%s", endpoint, err, text)
		}
	}
}

// TestReadmeCommands types the commands of a README.txt, at a server that answers
// like NCMEC's.
func TestReadmeCommands(t *testing.T) {
	for _, program := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	requests := make(chan string, 20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		line := fmt.Sprintf("%s %s as %s:%s", r.Method, r.URL.Path, user, password)
		switch r.URL.Path {
		case "/upload":
			file, header, err := r.FormFile("file")
			if err != nil {
				t.Errorf("%s: %v", r.URL, err)
				break
			}
			content, _ := io.ReadAll(file)
			line += fmt.Sprintf(" id=%s %s %q", r.FormValue("id"), header.Filename, content)
		case "/finish":
			line += " id=" + r.FormValue("id")
		case "/submit", "/fileinfo":
			body, _ := io.ReadAll(r.Body)
			_, root, _ := strings.Cut(string(body), "\n")
			line += " " + r.Header.Get("Content-Type") + " " + strings.Join(strings.Fields(root)[:min(3, len(strings.Fields(root)))], "")
		}
		requests <- line
	}))
	defer server.Close()

	home := t.TempDir()
	dir := filepath.Join(home, "report")
	if err := ncmec.Export(dir, bundle()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.txt"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(line, "    "); ok && command[0] != ' ' {
			script += command
		}
	}
	script = strings.NewReplacer("https://exttest.cybertip.org/ispws", server.URL, "REPORT_ID=NUMBER", "REPORT_ID=42", "FILE_ID=NUMBER", "FILE_ID=ab7").Replace(script)
	if err := os.WriteFile(filepath.Join(home, ".ncmec"), []byte("user = \"alice:s3cret\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Dir, command.Env = dir, append(os.Environ(), "HOME="+home, "no_proxy=*")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	close(requests)
	fileinfo := "POST /fileinfo as alice:s3cret text/xml; charset=utf-8 <fileDetails><reportId>42</reportId><fileId>ab7</fileId>"
	for _, want := range []string{
		"GET /status as alice:s3cret",
		"POST /submit as alice:s3cret text/xml; charset=utf-8 <report><incidentSummary><incidentType>Online",
		fmt.Sprintf("POST /upload as alice:s3cret id=42 file-1.jpg %q", jpeg), fileinfo,
		`POST /upload as alice:s3cret id=42 file-2.bin "what is this"`, fileinfo,
		"POST /finish as alice:s3cret id=42",
	} {
		if got := <-requests; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if extra, open := <-requests; open {
		t.Errorf("one request too many: %s", extra)
	}
}
