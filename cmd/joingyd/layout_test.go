package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/joingyd/joingyd/"

// forbidden is which packages may not import what, and why: parts never import
// each other, each declares the interface that it needs, and this package plugs
// them together. A package stands for those below it too.
var forbidden = []struct {
	importer string
	imported []string
	why      string
}{
	{"turn", []string{"metrics", "match", "ban", "config", "admin", "web", "cert", "cmd"}, "the relay must work for any matchmaker"},
	{"turn/xdp", []string{"turn", "ident"}, "forwarding packets needs to know no relay"},
	{"match", []string{"metrics", "turn", "ban", "config", "admin", "web", "cert", "cmd"}, "the matchmaker must work with any relay and ban store"},
	{"match/mask", []string{"ident", "match"}, "the mask is a pure function"},
	{"match/pool", []string{"match"}, "the pool is a data structure"},
	{"recent", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "a map depends on nothing"},
	{"internal/clocktest", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "a clock depends on nothing"},
	{"internal/memtest", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "a scale depends on nothing"},
	{"match/filter", []string{"ident", "match"}, "the filter judges lines, wherever they come from"},
	{"ban", []string{"metrics", "turn", "match", "config", "admin", "web", "cert", "cmd", "ident"}, "the ban store is a data structure and a file"},
	{"ban/list", []string{"metrics", "turn", "match", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent"}, "a list is text: it knows no store, no config and no admin"},
	{"moderate", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client"}, "cases are data and a file: who carries decisions out is not their business"},
	{"moderate/ncmec", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent"}, "a report is text: what goes into it is the caller's"},
	{"moderate/agepass", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent"}, "a pass names nobody, so it knows no session"},
	{"moderate/classify", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client"}, "a client of a classifier knows its contract, not who asks"},
	{"moderate/watch", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client"}, "what looks at a picture knows no chat"},
	{"moderate/pdq", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate"}, "a hash is of a picture, wherever it comes from"},
	{"iplog", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate"}, "a log of events knows no session, and has no private key"},
	{"totals", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog"}, "figures know no visitor"},
	{"quota", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog"}, "a sum of bytes knows no relay and no visitor"},
	{"disclosure", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "legalhold"}, "a bundle is what it is given: who finds that, and opens and seals it, is not its business"},
	{"legalhold", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "disclosure"}, "a hold asks a log and cases through interfaces"},
	{"compliance", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "disclosure", "legalhold", "internal"}, "a checklist is text: what is so of this site is the caller's"},
	{"privacy", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog"}, "a request for data is words and dates: who looks and who erases is the caller's"},
	{"request", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "privacy", "doctor"}, "a name for a request depends on nothing"},
	{"doctor", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "privacy", "request"}, "findings are a function of facts: whose they are is the caller's"},
	{"internal/durable", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "privacy"}, "a file that survives depends on nothing"},
	{"internal/systemd", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "front", "check", "client", "recent", "moderate", "iplog", "privacy"}, "what systemd passes depends on nothing"},
	{"config", []string{"turn", "match", "ban", "admin", "web", "cert", "cmd", "ident"}, "settings are plain values"},
	{"web", []string{"metrics", "turn", "match", "ban", "config", "admin", "cert", "cmd"}, "the site asks functions, not parts"},
	{"web/prose", []string{"web", "ident", "front", "check", "client", "recent"}, "a page is text: it knows no site and no HTTP"},
	{"admin", []string{"metrics", "turn", "match", "config", "web", "cert", "cmd"}, "the control API asks an interface"},
	{"admin/desk", []string{"metrics", "turn", "match", "ban", "config", "web", "cert", "cmd", "ident", "front", "check", "client"}, "the desk asks an interface, which the control API's service is"},
	{"ident", []string{"turn", "match", "ban", "config", "admin", "web", "cert", "cmd"}, "identities depend on nothing"},
	{"client", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "check"}, "a client knows the protocol, not the daemon"},
	{"check", []string{"metrics", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "a check sees a site from outside"},
	{"metrics", []string{"turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "metrics read numbers from functions, and the parts need no Prometheus"},
	{"front", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident"}, "sharing a port needs to know no service"},
	{"bench/match/optimum", []string{"turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "ident", "metrics", "front", "check", "client"}, "the optimum is a function of a graph"},
	{"cluster/relay", []string{"metrics", "turn", "match", "ban", "config", "admin", "web", "cert", "cmd", "front", "check", "client", "moderate", "cluster"}, "relays elsewhere must work for any matchmaker, relay and bus"},
	{"setup", []string{"turn", "match", "ban", "admin", "web", "cert", "cmd", "ident", "metrics", "front", "check", "client", "recent", "moderate"}, "what a site needs is reckoned from its settings: who asks, writes and tries is the command's business"},
	{"cluster", []string{"turn", "match", "ban", "config", "admin", "web", "cmd", "metrics", "moderate", "front", "check", "client"}, "what nodes share knows no hub and no store: each part asks an interface"},
	{"cluster/redis", []string{"cluster"}, "a connection knows not what is said on it"},
	{"cluster/nodes", []string{"cluster/bus", "cluster/pool", "cluster/bans"}, "who is alive is known without saying a word"},
	{"cluster/bus", []string{"cluster/nodes", "cluster/pool", "cluster/bans"}, "messages are bytes between names"},
	{"cluster/ask", []string{"cluster/nodes", "cluster/pool", "cluster/bans", "cluster/relay"}, "requests are questions of a bus: what is asked is their services' business"},
	{"cluster/pool", []string{"cluster/nodes", "cluster/bus", "cluster/bans"}, "who waits is data: who asks the others is the caller's"},
	{"cluster/bans", []string{"cluster/nodes", "cluster/bus", "cluster/pool"}, "a feed of bans has its own way to ask"},
	{"config/edit", []string{"setup", "config/coturn"}, "a text is edited whoever asks"},
	{"cert", []string{"turn", "match", "ban", "config", "admin", "web", "cmd", "ident"}, "certificates depend on nothing"},
}

// owners are the only packages that may import a third-party module: its types
// stop there.
var owners = map[string][]string{
	"github.com/pion/turn/v4":      {"turn", "check", "bench/relay", "bench/ws"},
	"github.com/pion/stun/v2":      {"turn", "check"},
	"github.com/pion/logging":      {"turn", "check"},
	"github.com/pion/sdp/v3":       {"match/mask"},
	"github.com/cilium/ebpf":       {"turn/xdp", "bench/relay"},
	"github.com/coder/websocket":   {"match", "client", "bench/ws"},
	"go.etcd.io/bbolt":             {"ban", "moderate"},
	"github.com/gaissmai/bart":     {"ban"},
	"github.com/coreos/go-systemd": {"internal/systemd"},
	"github.com/spf13/viper":       {"config"},
	"go.yaml.in/yaml":              {"config/edit"},
	"github.com/spf13/pflag":       {"config", "cmd/joingyd"}, // cobra's flags
	"github.com/spf13/cobra":       {"cmd/joingyd"},
	"charm.land":                   {"cmd/joingyd"},
	"github.com/charmbracelet":     {"cmd/joingyd"},
	"github.com/prometheus":        {"metrics"},
	"github.com/pion/dtls":         {"turn"},
	"github.com/caddyserver":       {"cert"},
	"golang.org/x/text":            {"match/pool", "match/filter", "web", "web/prose"},
	"github.com/yuin/goldmark":     {"web/prose"},
	"github.com/evanw/esbuild":     {"web", "packaging/parts"},
	"filippo.io/age":               {"moderate/evidence"},
	"go.mau.fi/util":               {"match/filter"},
	"github.com/TwiN/go-away":      {"match/filter"},

	"github.com/redis/rueidis": {"cluster/redis", "cluster/nodes", "cluster/bus", "cluster/pool", "cluster/bans", "cluster/accounts"},

	"golang.org/x/net/publicsuffix": {"match/filter"},
	"golang.org/x/net/idna":         {"match/filter"},

	"golang.org/x/sync":      {"cluster", "cmd/joingyd"},
	"github.com/pion/webrtc": {"packaging/installed"}, // and tests
	"github.com/rogpeppe":    {},                      // tests only
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// packages lists the module's packages with what they import, tests aside.
func packages(t *testing.T) (list []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// below reports whether path is dir or below it.
func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func TestPartsDoNotImportEachOther(t *testing.T) {
	list := packages(t)
	if len(list) < len(forbidden) {
		t.Fatalf("only %d packages found", len(list))
	}
	for _, p := range list {
		for _, path := range p.Imports {
			for _, rule := range forbidden {
				for _, target := range rule.imported {
					if below(p.ImportPath, module+rule.importer) && below(path, module+target) && !below(path, module+rule.importer) {
						t.Errorf("%s imports %s: %s", p.ImportPath, path, rule.why)
					}
				}
			}
		}
	}
}

func TestThirdPartyTypesStopAtTheirOwners(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			for dependency, allowed := range owners {
				if !below(path, dependency) {
					continue
				}
				ok := false
				for _, owner := range allowed {
					ok = ok || p.ImportPath == module+owner
				}
				if !ok {
					t.Errorf("%s imports %s; only %v may", p.ImportPath, path, allowed)
				}
			}
		}
	}
}
