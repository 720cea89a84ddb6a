package edit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config/edit"
)

func TestSet(t *testing.T) {
	contact := edit.Change{Key: "site.contact", Value: "a@example.org"}
	listen := edit.Change{Key: "turn.listen", Value: []string{":443", ":80"}}
	tests := []struct {
		name     string
		in, want string
		changes  []edit.Change
	}{
		{"an empty file", "", "site:\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"a comment alone", "# mine\n", "# mine\n\nsite:\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"without a last line end", "log:\n  level: info", "log:\n  level: info\n\nsite:\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"at the top", "# doc\n#data_dir: \"./var\"\nlog: {}\n", "# doc\n#data_dir: \"./var\"\ndata_dir: \"/v\"\nlog: {}\n", []edit.Change{{Key: "data_dir", Value: "/v"}}},
		{"beneath its comment", "site:\n  # Where.\n  #contact: \"\"\n\n  name: x # the name\n", "site:\n  # Where.\n  #contact: \"\"\n  contact: \"a@example.org\"\n\n  name: x # the name\n", []edit.Change{contact}},
		{"not beneath a sentence", "site:\n  # Who\n  # (text)\n  #contact: \"\"\n\n  # An e-mail address if the\n  # contact: is none.\n  #abuse_contact: \"\"\n", "site:\n  # Who\n  # (text)\n  #contact: \"\"\n  contact: \"a@example.org\"\n\n  # An e-mail address if the\n  # contact: is none.\n  #abuse_contact: \"\"\n", []edit.Change{contact}},
		{"its section is a comment too",
			"#turn:\n#  # doc\n#  listen: [\":3478\"]\n#site:\n#  # doc\n#  contact: \"\"\n#  # doc\n#  name: \"joingyd\"\n",
			"#turn:\nturn:\n#  # doc\n#  listen: [\":3478\"]\n  listen: [\":443\", \":80\"]\n#site:\nsite:\n#  # doc\n#  contact: \"\"\n  contact: \"a@example.org\"\n#  # doc\n#  name: \"joingyd\"\n",
			[]edit.Change{contact, listen}},
		{"a name of another section", "http:\n  allow_origins: []\n#turn:\n#  listen: []\n", "http:\n  allow_origins: []\n  listen: \":80\"\n#turn:\n#  listen: []\n", []edit.Change{{Key: "http.listen", Value: ":80"}}},
		{"a section without keys", "site: # ours\nlog:\n", "site: # ours\n  contact: \"a@example.org\"\nlog:\n", []edit.Change{contact}},
		{"in quotes", "site:\n  contact: 'it''s' # old\n", "site:\n  contact: \"a@example.org\" # old\n", []edit.Change{contact}},
		{"plain", "site:\n  contact:   b@example.org  # old\n", "site:\n  contact:   \"a@example.org\"  # old\n", []edit.Change{contact}},
		{"nothing", "site:\n  contact: # none yet\n  name: x\n", "site:\n  contact: \"a@example.org\" # none yet\n  name: x\n", []edit.Change{contact}},
		{"in braces", "site: {name: x}\n", "site: {contact: \"a@example.org\", name: x}\n", []edit.Change{contact}},
		{"in braces, there", "site: {name: x, contact: y}\n", "site: {name: x, contact: \"a@example.org\"}\n", []edit.Change{contact}},
		{"empty braces", "site: {}\n", "site: {contact: \"a@example.org\"}\n", []edit.Change{contact}},
		{"another indentation", "site:\n    name: x\n", "site:\n    name: x\n    contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"after the last", "site:\n  name: x # ours\n\n# more\nlog:\n", "site:\n  name: x # ours\n  contact: \"a@example.org\"\n\n# more\nlog:\n", []edit.Change{contact}},
		{"after one over lines", "site:\n  banner: |\n    a\n    b\nlog:\n", "site:\n  contact: \"a@example.org\"\n  banner: |\n    a\n    b\nlog:\n", []edit.Change{contact}},
		{"CRLF", "site:\r\n  #contact: \"\"\r\n  name: x\r\n", "site:\r\n  #contact: \"\"\r\n  contact: \"a@example.org\"\r\n  name: x\r\n", []edit.Change{contact}},
		{"a byte order mark", "\ufeffsite:\n  contact: x\n", "\ufeffsite:\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"other cases", "Site:\n  Contact: x\n", "Site:\n  Contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"with a dot", "site.contact: x\n", "site.contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"a list in brackets", "turn:\n  listen: [':1', \"]\"] # two\n", "turn:\n  listen: [\":443\", \":80\"] # two\n", []edit.Change{listen}},
		{"a list over lines", "turn:\n  listen: [\n    \":1\",\n  ]\n  realm: x\n", "turn:\n  listen: [\":443\", \":80\"]\n  realm: x\n", []edit.Change{listen}},
		{"a list of lines", "turn:\n  listen: # some\n    # all\n    - ':1' # one\n    - ':2'\n  realm: x\n", "turn:\n  listen: [\":443\", \":80\"] # some\n    # all\n    # one\n  realm: x\n", []edit.Change{listen}},
		{"a list of lines, not indented", "turn:\n  listen:\n  - ':1'\n  realm: x\n", "turn:\n  listen: [\":443\", \":80\"]\n  realm: x\n", []edit.Change{listen}},
		{"a list of lines that is commented out", "turn:\n  #listen:\n  #  - ':1'\n  realm: x\n", "turn:\n  #listen:\n  #  - ':1'\n  listen: [\":443\", \":80\"]\n  realm: x\n", []edit.Change{listen}},
		{"a list of one without brackets is that already", "turn:\n  listen: \":1\"\n", "turn:\n  listen: \":1\"\n", []edit.Change{{Key: "turn.listen", Value: []string{":1"}}}},
		{"an alias", "log: {level: &a info}\nsite:\n  contact: *a\n", "log: {level: &a info}\nsite:\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"a merged section", "x: &x {name: y}\nsite:\n  <<: *x\n", "x: &x {name: y}\nsite:\n  <<: *x\n  contact: \"a@example.org\"\n", []edit.Change{contact}},
		{"the same", "site: {contact: a@example.org} # as it is\n", "site: {contact: a@example.org} # as it is\n", []edit.Change{contact}},
		{"numbers and switches", "http:\n  tls_self_signed: true\n", "http:\n  tls_self_signed: false\n\nturn:\n  bandwidth: 5\n", []edit.Change{{Key: "http.tls_self_signed", Value: false}, {Key: "turn.bandwidth", Value: 5}}},
		{"beyond ASCII", "site:\n  {\"näme\": ü, contact: x}\n", "site:\n  {\"näme\": ü, contact: \"a@example.org\"}\n", []edit.Change{contact}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit.Set([]byte(tt.in), tt.changes)
			if err != nil || string(got) != tt.want {
				t.Fatalf("%v\ngot  %q\nwant %q", err, got, tt.want)
			}
			if again, err := edit.Set(got, tt.changes); err != nil || string(again) != tt.want {
				t.Errorf("the second time: %v, %q", err, again)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		byHand   bool
	}{
		{"site:\n  contact: x\n  contact: y\n", "already defined at line 2", false},
		{"site:\n  contact: x\nSite:\n  Contact: y\n", "site.contact is there twice; take one of them out", false},
		{"site.contact: x\nsite: {contact: y}\n", "site.contact is there twice", false},
		{"site:\n  contact: &c x\n  name: *c\n", `site.contact cannot be set by this command (line 2); write contact: "a@example.org" below site: yourself, and run this again`, true},
		{"site:\n  contact: |\n    x\n    y\n", "(line 2)", true},
		{"site:\n  contact: x\n    y\n", "(line 2)", true},
		{"site:\n  contact: !!str x\n", "(line 2)", true},
		{"x: &x {name: y}\nsite: *x\n", "below site: yourself", true},
		{"site: &x\n  name: y\nmore: *x\n", "below site: yourself", true},
		{"site: 5\n", "below site: yourself", true},
		{"- a\n", "holds no sections", false},
		{"site: [\n", "did not find", false},
		{"\tsite:\n", "yaml:", false},
	} {
		got, err := edit.Set([]byte(tt.in), []edit.Change{{Key: "site.contact", Value: "a@example.org"}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, edit.ErrByHand) != tt.byHand {
			t.Errorf("%q: %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

// FuzzSet: a change that is made changes nothing else, keeps every comment, and made
// again changes nothing at all.
func FuzzSet(f *testing.F) {
	f.Add("site:\n  # doc\n  #contact: \"\"\n  name: x # the name\n", "a@example.org")
	f.Add("turn: {listen: [\":1\"]}\r\nsite:\r\n  contact:\r\n", "\u2028x")
	f.Add("#site:\n#  contact: x\nlog:\n  level: &a info\nmatch: *a\n", "")
	f.Add("site:\n- a # b\n", "c")
	f.Fuzz(func(t *testing.T, text, value string) {
		changes := []edit.Change{{Key: "site.contact", Value: value}, {Key: "turn.listen", Value: []string{value, ":1"}}}
		got, err := edit.Set([]byte(text), changes)
		if err != nil {
			return
		}
		checkOthersKept(t, text, string(got))
		if again, err := edit.Set(got, changes); err != nil || string(again) != string(got) {
			t.Errorf("%q becomes %q and then %q, %v", text, got, again, err)
		}
	})
}
