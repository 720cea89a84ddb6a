package setup_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/setup"
)

// answers are good ones for each way.
func answers(way setup.TLS) setup.Answers {
	a := setup.Answers{Domain: "chat.example.org", Contact: "you@example.org", TLS: way}
	switch way {
	case setup.Files:
		a.CertFile, a.KeyFile = "/etc/cert.pem", "/etc/key.pem"
	case setup.Proxy:
		a.RelayHost = "relay.example.org"
	}
	return a
}

// From each way to each other: the outcome is valid, opens the site to others, and is
// what the same answers leave as it is.
func TestApply(t *testing.T) {
	for _, from := range append([]setup.TLS{""}, setup.Ways...) {
		before := config.Default()
		if from != "" {
			before = answers(from).Apply(before)
		}
		for _, to := range setup.Ways {
			a := answers(to)
			if problems := a.Validate(); len(problems) > 0 {
				t.Fatalf("%s: %v", to, problems)
			}
			c := a.Apply(before)
			if problems := c.Validate(); len(problems) > 0 {
				t.Errorf("from %q to %s: %v", from, to, problems[0])
			}
			if warnings := c.Warnings(); len(warnings) > 0 {
				t.Errorf("from %q to %s: %q", from, to, warnings)
			}
			if again := a.Apply(c); !reflect.DeepEqual(again, c) {
				t.Errorf("from %q to %s: %+v, and the second time %+v", from, to, c, again)
			}
			if same := setup.Present(c).Apply(c); !reflect.DeepEqual(same, c) {
				list, _ := setup.Differences(c, same)
				t.Errorf("from %q to %s: what is there, given as answers, changes %+v", from, to, list)
			}
		}
	}
}

func TestApplyKeepsWhatFits(t *testing.T) {
	c := config.Default()
	c.HTTP.Listen, c.TLS.Listen, c.TLS.ACMEDomains, c.TLS.ACMEEmail = "127.0.0.1:9000", "192.0.2.1:443", []string{"a.example.org", "chat.example.org"}, "ca@example.org"
	c.TURN.Listen, c.Site.Name, c.TURN.Bandwidth = []string{":3479"}, "Parley", 5
	c.TURN.TrafficPerMonth = 1_500_000_000_001
	was := c
	a := answers(setup.ACME)
	a.TrafficPerMonth = setup.Present(c).TrafficPerMonth
	list, _ := setup.Differences(was, a.Apply(c))
	var keys []string
	for _, d := range list {
		keys = append(keys, d.Key)
	}
	if want := []string{"turn.public_host", "site.contact"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("changes %q, want %q", keys, want)
	}
	c.TLS.CertFile, c.TLS.KeyFile, c.TURN.TLSListen = "c", "k", []string{":5349"}
	if got := answers(setup.Proxy).Apply(c); got.TLS.CertFile != "c" {
		t.Error("the certificate of turn.tls_listen is gone")
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		change func(*setup.Answers)
		want   string // the start of the only problem
	}{
		{func(*setup.Answers) {}, ""},
		{func(a *setup.Answers) { a.Domain = "" }, "--domain: is missing"},
		{func(a *setup.Answers) { a.Domain = "https://chat.example.org" }, "--domain: \"https://chat.example.org\" is not a name"},
		{func(a *setup.Answers) { a.Domain = "chat.example.org:443" }, "--domain: "},
		{func(a *setup.Answers) { a.Domain = "192.0.2.1" }, "--domain: \"192.0.2.1\" is an address"},
		{func(a *setup.Answers) { a.Domain = "chat" }, "--domain: \"chat\" is a name within a network"},
		{func(a *setup.Answers) { a.Domain = "Chat.Local" }, "--domain: \"Chat.Local\" is a name within a network"},
		{func(a *setup.Answers) { a.Domain, a.TLS, a.CertFile, a.KeyFile = "chat.lan", setup.Files, "c", "k" }, ""},
		{func(a *setup.Answers) { a.Domain, a.TLS = "192.0.2.1", setup.SelfSigned }, ""},
		{func(a *setup.Answers) { a.Domain, a.TLS = "chat", setup.None }, ""},
		{func(a *setup.Answers) { a.Contact = "" }, "--contact: is missing"},
		{func(a *setup.Answers) { a.Contact = "you@" }, "--contact: \"you@\" is neither"},
		{func(a *setup.Answers) { a.Contact = "https://example.org/me" }, "--abuse-contact: is missing"},
		{func(a *setup.Answers) { a.Contact, a.AbuseContact = "https://example.org/me", "abuse@example.org" }, ""},
		{func(a *setup.Answers) { a.AbuseContact = "me" }, "--abuse-contact: \"me\" is not"},
		{func(a *setup.Answers) { a.TLS = "" }, "--tls: is missing"},
		{func(a *setup.Answers) { a.TLS = "yes" }, "--tls: \"yes\" is not known; use acme, files, proxy, self-signed, none"},
		{func(a *setup.Answers) { a.TLS, a.CertFile = setup.Files, "c" }, "--key: is missing"},
		{func(a *setup.Answers) { a.TLS, a.KeyFile = setup.Files, "k" }, "--cert: is missing"},
		{func(a *setup.Answers) { a.Proxies = []string{"10.0.0.1/8"} }, "--proxy: \"10.0.0.1/8\""},
		{func(a *setup.Answers) { a.RelayHost = "turn:relay" }, "--relay-host: \"turn:relay\""},
		{func(a *setup.Answers) { a.TrafficPerMonth = "20TB" }, ""},
		{func(a *setup.Answers) { a.TrafficPerMonth = "20" }, "--traffic-per-month: \"20\" is less than 1MB; write the unit too, such as 20TB"},
		{func(a *setup.Answers) { a.TrafficPerMonth = "much" }, "--traffic-per-month: \"much\" is no amount"},
	} {
		a := answers(setup.ACME)
		tt.change(&a)
		problems := a.Validate()
		if len(problems) > 1 || len(problems) == 0 != (tt.want == "") || len(problems) == 1 && !strings.HasPrefix(problems[0].Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", a, problems, tt.want)
		}
	}
}

func TestURL(t *testing.T) {
	for _, tt := range []struct {
		way          setup.TLS
		domain, want string
		listen       string
	}{
		{setup.ACME, "chat.example.org", "https://chat.example.org", ""},
		{setup.ACME, "chat.example.org", "https://chat.example.org:8443", ":8443"},
		{setup.Files, "chat.example.org", "https://chat.example.org", ""},
		{setup.Proxy, "chat.example.org", "https://chat.example.org", ""},
		{setup.SelfSigned, "192.168.1.2", "https://192.168.1.2:8080", ""},
		{setup.None, "2001:db8::1", "http://[2001:db8::1]:8080", ""},
	} {
		c := config.Default()
		c.TLS.Listen = tt.listen
		a := answers(tt.way)
		a.Domain = tt.domain
		if got := a.URL(a.Apply(c)); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.way, tt.domain, got, tt.want)
		}
	}
}
