package agepass_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/agepass"
)

// example starts the checker of docs/age.md, and returns its address.
func example(t *testing.T) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there")
	}
	page, err := os.ReadFile("../../docs/age.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(page), "```python\n")
	program, _, found := strings.Cut(program, "```")
	if !found {
		t.Fatal("docs/age.md has no example")
	}
	command := exec.Command(python, "-c", program, "0")
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	port, found := strings.CutPrefix(strings.TrimSpace(line), "listening on port ")
	if err != nil || !found {
		command.Wait()
		t.Fatalf("the example says %q, %v\n%s", line, err, complaints.String())
	}
	return "http://127.0.0.1:" + port
}

// TestTheCheckerOfTheDocs goes the whole way, as visitor and as daemon.
func TestTheCheckerOfTheDocs(t *testing.T) {
	base := example(t)
	c := checker(t, agepass.CheckerOptions{URL: base + "/check", Token: "change me"})
	g, err := agepass.NewGate(signer(t, "chat.example", 0, newKey), c, base+"/start", "https://chat.example/age")
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	// visit returns what the page knows when the visitor is back.
	visit := func() agepass.Redemption {
		challenge := g.Challenge(now)
		response, err := browser.Get(challenge.URL)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		back, err := url.Parse(response.Header.Get("Location"))
		if err != nil || response.StatusCode != http.StatusSeeOther || back.Host != "chat.example" || back.Path != "/age" {
			t.Fatalf("the example answers %s, %v, %v", response.Status, back, err)
		}
		if state := back.Query().Get("state"); state != challenge.State {
			t.Fatalf("the state came back as %q", state)
		}
		return agepass.Redemption{State: challenge.State, Nonce: challenge.Nonce, Code: back.Query().Get("code")}
	}

	alice, bob := visit(), visit()
	issued, err := g.Redeem(t.Context(), now, alice)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Admit([]byte(`{"pass":"`+issued.Pass+`"}`), now); err != nil {
		t.Error(err)
	}
	if _, err := g.Redeem(t.Context(), now, alice); !errors.Is(err, agepass.ErrNotAdult) {
		t.Errorf("a code that was used: %v", err)
	}
	carol := visit()
	carol.Code = bob.Code
	if _, err := g.Redeem(t.Context(), now, carol); !errors.Is(err, agepass.ErrNotAdult) {
		t.Errorf("another's code: %v", err)
	}
	stranger := checker(t, agepass.CheckerOptions{URL: base + "/check"})
	if _, err := stranger.Check(t.Context(), bob.State, bob.Code); !errors.Is(err, agepass.ErrAnswer) {
		t.Errorf("without the token: %v", err)
	}
}
