package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/ncmec"
)

// A case goes into a directory that a person can send, and what is missing is named.
func TestReportToNCMEC(t *testing.T) {
	d := startDaemon(t, nil)
	k := reportedChat(t, d)
	out := filepath.Join(t.TempDir(), "tip")
	args := []string{"reports", "ncmec", k.ID, "--socket", d.adminPath}
	for _, test := range []struct {
		flag, value, lacks string
	}{
		{"--out", out, "--out is missing"},
		{"--type", "Nonsense", "incidentType"},
		{"--type", string(ncmec.OnlineEnticement), "email"},
	} {
		status, text := output(t, args...)
		if status == 0 || !strings.Contains(text, test.lacks) {
			t.Errorf("before %s: %d, %s", test.flag, status, text)
		}
		args = append(args, test.flag, test.value)
	}
	status, text := output(t, append(args, "--first-name", "Ann", "--last-name", "Roe", "--email", "ann@example.org")...)
	if status != 0 || !strings.HasPrefix(text, "wrote "+out+" with 1 address event, 1 line and 0 pictures; nothing was sent") {
		t.Fatalf("%d, %s", status, text)
	}
	xml, err := os.ReadFile(filepath.Join(out, "report.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<incidentType>Online Enticement of Children for Sexual Acts</incidentType>", "<espIdentifier>case " + k.ID + "</espIdentifier>",
		"<ipAddress>127.0.0.3</ipAddress>", "heliotrope", "look, heliotrope", "<email>ann@example.org</email>",
	} {
		if !strings.Contains(string(xml), want) {
			t.Errorf("no %q in\n%s", want, xml)
		}
	}
	if strings.Contains(string(xml), "127.0.0.2") {
		t.Error("the reporter's address is in it")
	}
	if readme, err := os.ReadFile(filepath.Join(out, "README.txt")); err != nil || !strings.Contains(string(readme), ncmec.Test.URL()) {
		t.Errorf("%s, %v", readme, err)
	}
	if status, text := output(t, append(args, "--first-name", "Ann", "--last-name", "Roe", "--email", "ann@example.org")...); status != 1 || !strings.Contains(text, "exist") {
		t.Errorf("a second time: %d, %s", status, text)
	}
	if _, text := output(t, "audit", "list", "--data-dir", d.cfg.DataDir); !strings.Contains(text, "  evidence.open  "+k.ID+"  for=ncmec\n") {
		t.Errorf("the audit log:\n%s", text)
	}
}

// Of pictures it must be said whether somebody looked at them.
func TestPicturesForNCMEC(t *testing.T) {
	evidence := openedEvidence{Case: "k7m2x4q6", Parts: []admin.EvidencePart{{Name: "still", Type: "image/jpeg", At: time.Now(), Data: []byte("a picture")}}}
	k := admin.Case{ID: "k7m2x4q6", Opened: time.Now()}
	f := ncmecFlags{out: filepath.Join(t.TempDir(), "tip"), kind: string(ncmec.ChildPornography), first: "Ann", last: "Roe", email: "ann@example.org"}
	if _, err := f.export(k, evidence); err == nil || !strings.Contains(err.Error(), "--viewed") {
		t.Errorf("nothing was said: %v", err)
	}
	f.viewed = "no"
	if tip, err := f.export(k, evidence); err != nil || tip.Files != 1 {
		t.Errorf("%+v, %v", tip, err)
	}
	if details, err := os.ReadFile(filepath.Join(f.out, "file-details-1.xml")); err != nil || !strings.Contains(string(details), "<fileViewedByEsp>false</fileViewedByEsp>") {
		t.Errorf("%s, %v", details, err)
	}
}
