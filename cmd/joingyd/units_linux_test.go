package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
)

// mostExposed is what systemd-analyze security may say of the unit, times ten.
const mostExposed = "14"

// systemd has nothing against the units, and finds the service little exposed. What it
// still finds are the network, the control socket and the users, who have names there.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze: it is in Debian's package systemd")
	}
	unit := filepath.Join("..", "..", "systemd", "joingyd.service")
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold="+mostExposed, unit).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("figure: %s", regexp.MustCompile(`exposure level .*: [\d.]+`).Find(out))

	// Installed, but for the program, which is this one.
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"joingyd.service", "joingyd.socket"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.ReplaceAll(string(text), "/usr/bin/joingyd", program))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err = exec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(dir, "joingyd.service"), filepath.Join(dir, "joingyd.socket")).CombinedOutput()
	if err != nil || strings.Contains(string(out), "joingyd") {
		t.Errorf("%v: %s", err, out)
	}
}

// The socket unit has the ports of the settings that it is installed with.
func TestSocketUnitListensWhereTheDaemonDoes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "systemd", "joingyd.socket"))
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Admin.MetricsListen = ""
	var want strings.Builder
	if err := printSockets(&want, c); err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(want.String(), "ListenStream=\n")
	if !strings.Contains(string(text), "[Socket]\n"+lines+"BindIPv6Only=") {
		t.Errorf("not\n%s", lines)
	}
}
