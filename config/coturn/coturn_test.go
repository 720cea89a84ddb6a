package coturn_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/config/coturn"
)

var own = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("2001:db8::10")}

// load loads a configuration as the daemon does.
func load(t *testing.T, text []byte) config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "joingyd.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadFile(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func translate(t *testing.T, text string) (coturn.Translation, string) {
	t.Helper()
	got, err := coturn.Translate(strings.NewReader(text), coturn.Options{Own: own})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := got.Write(&b, "turnserver.conf"); err != nil {
		t.Fatal(err)
	}
	return got, b.String()
}

// Every option of Debian's file, with every one uncommented: none is unknown, and what
// is printed for each is testdata/debian.yaml.
func TestDebian(t *testing.T) {
	text, err := os.ReadFile("testdata/debian.conf")
	if err != nil {
		t.Fatal(err)
	}
	got, yaml := translate(t, string(text))
	for _, note := range got.Notes {
		if note.Fate == coturn.Unknown {
			t.Errorf("%v", note)
		}
	}
	want, err := os.ReadFile("testdata/debian.yaml")
	if err != nil || yaml != string(want) {
		t.Errorf("%v; testdata/debian.yaml is not\n%s", err, yaml)
	}
	load(t, []byte(yaml))
	for _, secret := range []string{"youhavetoberealistic", "qwerty", "north", "key1", "database-user-password"} {
		if strings.Contains(yaml, secret) {
			t.Errorf("%q is printed", secret)
		}
	}
}

const secret = "0123456789abcdef0123456789abcdef"

func TestTranslate(t *testing.T) {
	open := func(change func(*config.Config)) config.Config {
		c := config.Default()
		c.TURN.Relay, c.TURN.RelayAddresses = "open", []string{"192.0.2.10", "2001:db8::10"}
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name, in string
		want     func(*config.Config)
		notes    string // a part of each that is not Taken or Same, one a line
	}{
		{"nothing", "# only comments\n\n  #user=a:b\n", func(*config.Config) {}, "coturn looks for addresses itself\n"},
		{"what most have", "listening-port=3479\nfingerprint\nuse-auth-secret\nstatic-auth-secret=" + secret + "\nrealm=example.org\nrelay-ip=10.0.0.2\nexternal-ip=203.0.113.9/10.0.0.2\nmin-port=50000\nmax-port=50100\n",
			func(c *config.Config) {
				c.TURN.Listen, c.TURN.Realm, c.TURN.RelayPorts = []string{":3479"}, "example.org", "50000-50100"
				c.TURN.RelayAddresses, c.TURN.ExternalAddresses = []string{"10.0.0.2"}, []string{"203.0.113.9"}
				c.TURN.SecretFiles = []string{"/etc/joingyd/turn.secret"}
			}, ""},
		{"blanks, quotes, CRLF", "\tlistening-port \t=  3480 \r\nrealm \"a realm\"\r\nrelay-ip 10.0.0.2\r\n",
			func(c *config.Config) {
				c.TURN.Listen, c.TURN.Realm, c.TURN.RelayAddresses = []string{":3480"}, "a realm", []string{"10.0.0.2"}
			}, ""},
		{"listeners and TLS", "listening-ip=192.0.2.1\nlistening-ip=2001:db8::1\ncert=/c\npkey=/k\nno-dtls\nno-tcp\n",
			func(c *config.Config) {
				c.TURN.Listen, c.TURN.TLSListen = []string{"192.0.2.1:3478", "[2001:db8::1]:3478"}, []string{"192.0.2.1:5349", "[2001:db8::1]:5349"}
				c.TLS.CertFile, c.TLS.KeyFile, c.TURN.Transports = "/c", "/k", []string{"udp"}
				c.TURN.RelayAddresses = []string{"192.0.2.1", "2001:db8::1"}
			}, "serves TLS and DTLS alike\n"},
		{"TLS alone", "no-udp\nno-tcp\ncert=/c\npkey=/k\nrelay-ip=10.0.0.2\n", func(c *config.Config) {
			c.TURN.Listen, c.TURN.TLSListen, c.TLS.CertFile, c.TLS.KeyFile, c.TURN.RelayAddresses = []string{}, []string{":5349"}, "/c", "/k", []string{"10.0.0.2"}
		}, ""},
		{"nothing to listen on", "no-udp\nno-tcp\ncert=/c\nrelay-ip=10.0.0.2\n", func(c *config.Config) { c.TURN.RelayAddresses = []string{"10.0.0.2"} },
			"cert and pkey go together\nleave nothing to listen on\n"},
		{"switched off", "no-udp=0\nno-tcp off\nverbose=1\nrelay-ip=10.0.0.2\n", func(c *config.Config) { c.TURN.RelayAddresses, c.Log.Level = []string{"10.0.0.2"}, "debug" }, ""},
		{"peers", "relay-ip=10.0.0.2\ndenied-peer-ip=10.0.0.0-10.0.0.255\ndenied-peer-ip=::1\nallowed-peer-ip=10.0.0.128\nallowed-peer-ip=9\n", func(c *config.Config) {
			c.TURN.RelayAddresses = []string{"10.0.0.2"}
			c.TURN.AllowPeers = []string{"10.0.0.128/32"}
			c.TURN.DenyPeers = []string{"10.0.0.0/25", "10.0.0.129/32", "10.0.0.130/31", "10.0.0.132/30", "10.0.0.136/29", "10.0.0.144/28", "10.0.0.160/27", "10.0.0.192/26", "::1/128"}
		}, "neither an address nor first-last\n"},
		{"limits", "relay-ip=10.0.0.2\nuser-quota=12\ntotal-quota=1200\nmax-bps=64000\nbps-capacity=0\n", func(c *config.Config) {
			c.TURN.RelayAddresses = []string{"10.0.0.2"}
			c.TURN.AllocationsPerSession, c.TURN.Allocations, c.TURN.BandwidthPerAllocation = 12, 1200, 64000
		}, ""},
		{"limits out of range", "relay-ip=10.0.0.2\nuser-quota=5000\ntotal-quota=-1\nmax-bps=x\nlistening-port=70000\nrealm=\n", func(c *config.Config) { c.TURN.RelayAddresses = []string{"10.0.0.2"} },
			"5000 is out of range; use 1 to 1000\nis not a number\nis not a number\nis not a port\nneeds a value\n"},
		{"metrics", "relay-ip=10.0.0.2\nprometheus\nprometheus-port=9999\n", func(c *config.Config) {
			c.TURN.RelayAddresses, c.Admin.MetricsListen = []string{"10.0.0.2"}, "127.0.0.1:9999"
		}, ""},
		{"users and secrets", "relay-ip=10.0.0.2\nuser=a:b\nuser=c:0xabcd\nuser=a:z\nuser=d\nstatic-auth-secret=short\nstatic-auth-secret=" + secret + "\nstatic-auth-secret=" + secret + "2\n", func(c *config.Config) {
			c.TURN.RelayAddresses, c.TURN.UsersFile = []string{"10.0.0.2"}, "/etc/joingyd/turn.users"
			c.TURN.SecretFiles = []string{"/etc/joingyd/turn.secret", "/etc/joingyd/turn.secret.2"}
		}, "a key made of the password\nthere already\nis not name:password\nhas 5 bytes\nhere both count\n"},
		{"secrets in a database", "relay-ip=10.0.0.2\nuse-auth-secret\nredis-userdb=\"ip=127.0.0.1 password=x\"\n", func(c *config.Config) { c.TURN.RelayAddresses = []string{"10.0.0.2"} },
			"line 2, use-auth-secret\nusers and secrets come from files here\nthere is no secret in this file\n"},
		{"unknown", "relay-ip=10.0.0.2\nstatic-auth-secert=" + secret + "\n", func(c *config.Config) { c.TURN.RelayAddresses = []string{"10.0.0.2"} }, "no such option\n"},
		{"addresses that do not fit", "relay-ip=10.0.0.2\nrelay-ip=10.0.0.3\nexternal-ip=2001:db8::1\nlistening-ip=eth0\nmin-port=9\nmax-port=8\n", func(c *config.Config) { c.TURN.RelayAddresses = []string{"10.0.0.2"} },
			"takes one IPv4 and one IPv6\nname the interface's addresses\nmin-port is above max-port\nstands for no relay address\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, yaml := translate(t, tt.in)
			want := open(tt.want)
			if loaded := load(t, []byte(yaml)); !reflect.DeepEqual(loaded, want) {
				t.Errorf("%s\nloads as %+v\nwant     %+v", yaml, loaded, want)
			}
			var notes []string
			for _, note := range got.Notes {
				if note.Fate != coturn.Taken && note.Fate != coturn.Same {
					notes = append(notes, note.String())
				}
			}
			parts := strings.Split(strings.TrimSuffix(tt.notes, "\n"), "\n")
			if tt.notes == "" {
				parts = nil
			}
			if len(notes) != len(parts) {
				t.Fatalf("%q, want %q", notes, parts)
			}
			for i, part := range parts {
				if !strings.Contains(notes[i], part) {
					t.Errorf("%q, want %q", notes[i], part)
				}
			}
			if strings.Contains(yaml, secret) {
				t.Error("a secret is printed")
			}
		})
	}
}

func TestFiles(t *testing.T) {
	got, err := coturn.Translate(strings.NewReader("user=a:b\nuser=c:d\nstatic-auth-secret="+secret+"\nstatic-auth-secret="+secret+"2\n"), coturn.Options{SecretFile: "s", UsersFile: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"s": secret + "\n", "s.2": secret + "2\n"}; !reflect.DeepEqual(got.SecretFiles(), want) {
		t.Errorf("%q, want %q", got.SecretFiles(), want)
	}
	if want := map[string]string{"u": "a:b\nc:d\n"}; !reflect.DeepEqual(got.UsersFiles(), want) {
		t.Errorf("%q, want %q", got.UsersFiles(), want)
	}
}

func TestTooLong(t *testing.T) {
	if _, err := coturn.Translate(strings.NewReader("\nrealm="+strings.Repeat("x", 1<<17)), coturn.Options{}); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("%v", err)
	}
}

// FuzzTranslate: whatever the file says, each of its lines is accounted for, what is
// written is a configuration that the daemon takes, and no secret is in it.
func FuzzTranslate(f *testing.F) {
	debian, err := os.ReadFile("testdata/debian.conf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(debian))
	f.Add("denied-peer-ip=0.0.0.0-255.255.255.255\nallowed-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n")
	f.Add("static-auth-secret=" + secret + "\r\nexternal-ip=1.2.3.4/5.6.7.8\nlistening-ip ::1\ncert=c\npkey=\"k\"")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := coturn.Translate(strings.NewReader(text), coturn.Options{Own: own})
		if err != nil {
			return
		}
		noted := make(map[int]int)
		for _, note := range got.Notes {
			noted[note.Line]++
		}
		delete(noted, 0)
		for i, line := range strings.Split(text, "\n") {
			line = strings.Trim(line, " \t\r\v\f")
			if want := map[bool]int{true: 1}[line != "" && line[0] != '#']; noted[i+1] != want {
				t.Errorf("line %d, %q, has %d notes", i+1, line, noted[i+1])
			}
			delete(noted, i+1)
		}
		if len(noted) > 0 {
			t.Errorf("notes on lines %v that are not there", noted)
		}
		var yaml bytes.Buffer
		if err := got.Write(&yaml, "x"); err != nil {
			t.Fatal(err)
		}
		load(t, yaml.Bytes())
		for _, file := range got.SecretFiles() {
			if strings.Contains(yaml.String(), strings.TrimSpace(file)) {
				t.Errorf("%q is printed", file)
			}
		}
	})
}
