package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

func TestControlOverTCP(t *testing.T) {
	d := startDaemon(t, func(c *config.Config) { c.Admin.Listen = "127.0.0.1:0" })
	path := filepath.Join(d.cfg.DataDir, adminTokenFile)
	token, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() < config.SecretSize {
		t.Errorf("the token's file: %v, %v", info, err)
	}
	url := "http://" + d.adminTCP.Addr().String()
	if !strings.Contains(d.readyLine(), ", admin "+url) || strings.Contains(d.readyLine(), strings.TrimSpace(string(token))) {
		t.Errorf("ready line: %s", d.readyLine())
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/v1/bans", strings.NewReader(`{"target":"192.0.2.1"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	var result admin.BanResult
	if err != nil || json.Unmarshal(body, &result) != nil || result.Ban.By != "token" {
		t.Errorf("%s %s, %v; want a ban by token", resp.Status, body, err)
	}
	resp, err = http.Get(url + "/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %s", resp.Status)
	}
}
