package list_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ban/list"
)

// nft runs nft's commands in a network of their own, where they change nothing
// of this machine's, and returns what the last of them prints.
func nft(t *testing.T, commands ...string) string {
	t.Helper()
	for _, tool := range []string{"nft", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here; install nftables and util-linux for this test", tool)
		}
	}
	options := "-n"
	if os.Geteuid() != 0 {
		options = "-rn"
	}
	if out, err := exec.Command("unshare", options, "nft", "list", "ruleset").CombinedOutput(); err != nil {
		t.Skipf("a network of its own cannot be had here, so nft is not tried: %v: %s", err, out)
	}
	out, err := exec.Command("unshare", options, "sh", "-ec", strings.Join(commands, "\n")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestNFTLoads(t *testing.T) {
	bans := []ban.Ban{
		banOn(t, "192.0.2.0/24", time.Hour, ""),
		banOn(t, "192.0.2.5", 2*time.Hour, ""), // outlasts what is around it
		banOn(t, "192.0.2.6", time.Minute, ""), // does not
		banOn(t, "198.51.100.0/25", 100*time.Second, ""),
		banOn(t, "198.51.100.128/25", 1000*time.Second, ""), // adjacent
		banOn(t, "203.0.113.0/24", 0, ""),
		banOn(t, "203.0.113.0/24", time.Hour, ""), // the same again
		banOn(t, "255.255.255.255", 3650*24*time.Hour, ""),
		banOn(t, "0.0.0.0/8", time.Second, ""),
		banOn(t, "2001:db8::1", time.Hour, ""),
		banOn(t, "2001:db8::1/128", 0, ""),
		banOn(t, "2001:db8:0:1::/64", 2*time.Hour, ""),
		banOn(t, "ffff:ffff::/32", time.Hour, ""),
	}
	script := filepath.Join(t.TempDir(), "bans.nft")
	file, err := os.Create(script)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	written, leftOut, err := list.Write(file, list.NFT, all(bans...), now)
	if written != len(bans) || leftOut != 0 || err != nil {
		t.Fatalf("%d written, %d left out, %v; want %d", written, leftOut, err, len(bans))
	}
	// Twice: the second replaces the first.
	out := nft(t, "nft -f '"+script+"'", "nft -f '"+script+"'", "nft list table inet joingyd")
	out = regexp.MustCompile(` expires \w+`).ReplaceAllString(out, "")
	got := regexp.MustCompile(`[0-9a-f:.]+[-/\d][^,}]*`).FindAllString(strings.Join(regexp.MustCompile(`(?s)elements = \{.*?\}`).FindAllString(out, -1), ","), -1)
	for i := range got {
		got[i] = strings.Join(strings.Fields(got[i]), " ")
	}
	want := []string{
		"0.0.0.0/8 timeout 1s",
		"192.0.2.0-192.0.2.4 timeout 1h", "192.0.2.5 timeout 2h", "192.0.2.6-192.0.2.255 timeout 1h",
		"198.51.100.0/25 timeout 1m40s", "198.51.100.128/25 timeout 16m40s",
		"203.0.113.0/24", "255.255.255.255 timeout 3650d",
		"2001:db8:: timeout 1h", "2001:db8::1", "2001:db8::2-2001:db8::ffff:ffff:ffff:ffff timeout 1h",
		"2001:db8:0:1::/64 timeout 2h", "ffff:ffff::/32 timeout 1h",
	}
	if !slices.Equal(got, want) {
		t.Errorf("nft lists\n%s\nwhich is\n%s\nwant\n%s", out, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(out, "ip saddr @banned4 drop") || !strings.Contains(out, "ip6 saddr @banned6 drop") {
		t.Errorf("nothing is dropped:\n%s", out)
	}
}

// Without bans there is a table all the same, so that a script with none clears
// what an earlier one has loaded.
func TestNFTLoadsMany(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may send the kernel so much at once; run this test as root")
	}
	for _, n := range []int{0, 20_000} {
		bans := func(yield func(ban.Ban, error) bool) {
			for i := range n {
				if !yield(banOn(t, fmt.Sprintf("198.%d.%d.%d", 18+i>>16, i>>8&255, i&255), time.Duration(1+i%7)*time.Hour, ""), nil) {
					return
				}
			}
		}
		script := filepath.Join(t.TempDir(), "bans.nft")
		file, err := os.Create(script)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, _, err := list.Write(file, list.NFT, bans, now); err != nil {
			t.Fatal(err)
		}
		out := nft(t, "nft -f '"+script+"'", "nft list set inet joingyd banned4")
		if got := strings.Count(out, " timeout "); got != n {
			t.Errorf("%d elements; want %d", got, n)
		}
	}
}
