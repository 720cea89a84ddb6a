package redisurl_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/cluster/redis/redisurl"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want redisurl.URL
	}{
		{"redis://10.0.0.5:6379", redisurl.URL{Hosts: []string{"10.0.0.5:6379"}}},
		{"redis://redis.internal", redisurl.URL{Hosts: []string{"redis.internal:6379"}}},
		{"redis://redis.internal/", redisurl.URL{Hosts: []string{"redis.internal:6379"}}},
		{"rediss://redis.internal:6380/2", redisurl.URL{TLS: true, Hosts: []string{"redis.internal:6380"}, DB: 2}},
		{"redis://[2001:db8::5]:7000", redisurl.URL{Hosts: []string{"[2001:db8::5]:7000"}}},
		{"redis://[2001:db8::5]", redisurl.URL{Hosts: []string{"[2001:db8::5]:6379"}}},
		{"redis://a,b:7000,c", redisurl.URL{Hosts: []string{"a:6379", "b:7000", "c:6379"}}},
		{"redis-sentinel://a,b,c:1/joingy", redisurl.URL{Hosts: []string{"a:26379", "b:26379", "c:1"}, Master: "joingy"}},
		{"rediss-sentinel://a/joingy/1", redisurl.URL{TLS: true, Hosts: []string{"a:26379"}, Master: "joingy", DB: 1}},
	} {
		got, err := redisurl.Parse(tt.text)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.text, got, err, tt.want)
		}
		if again, err := redisurl.Parse(got.String()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: %s is read as %+v, %v", tt.text, got, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "is not an address"},
		{"10.0.0.5:6379", "is not an address like redis://HOST:6379"},
		{"http://a", `begins with "http://"`},
		{"redis://", `has "" where a host`},
		{"redis://:6379", `where a host`},
		{"redis://a,", `has "" where a host`},
		{"redis://a b", `has " " in it`},
		{"redis://a:0", `has "0" as a port`},
		{"redis://a:99999", `has "99999" as a port`},
		{"redis://[fe80::1%eth0]", "where a host"},
		{"rediss-sentinel://0,::%]0/00", "where a host"},
		{"redis://a:b:c", `has "a:b:c" where a host`},
		{"redis://a/x", `has "x" where the number of a database`},
		{"redis://a/-1", `has "-1" where`},
		{"redis://a/01", `has "01" where`},
		{"redis://a/1/2", `has "1/2" where`},
		{"redis://a?db=1", `has "?" in it`},
		{"redis://a,b/1", "a cluster has database 0 only"},
		{"redis-sentinel://a", "names no primary"},
		{"redis-sentinel://a//1", "names no primary"},
		{"redis://" + strings.Repeat("a,", 40) + "a", "names 41 hosts"},
	} {
		if _, err := redisurl.Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
	for _, text := range []string{"redis://me:secret@a", "redis://:secret@a:6379/1", "rediss-sentinel://me:secret@a,b/x"} {
		if _, err := redisurl.Parse(text); !errors.Is(err, redisurl.ErrPassword) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want ErrPassword and no secret", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"redis://a:1/2", "rediss-sentinel://a,[::1]:7/m/3", "redis://me:secret@a", "redis://[2001:db8::5]", "redis://a,b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := redisurl.Parse(text)
		if err != nil {
			return
		}
		if again, err := redisurl.Parse(u.String()); err != nil || !reflect.DeepEqual(again, u) {
			t.Errorf("%q is %+v, written %q, read %+v, %v", text, u, u.String(), again, err)
		}
	})
}
