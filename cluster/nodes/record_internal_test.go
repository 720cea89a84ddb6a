package nodes

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var testRecord = record{
	Node: Node{
		Self: Self{Name: "a", Version: "1.2", Protocol: Range{3, 4}, Role: RoleAll, Region: "eu", Relay: "a.example.org",
			ClusterKey: FingerprintOf([32]byte{1}), Started: time.Unix(1e9, 0).UTC()},
		Report:      Report{Online: 7, Waiting: 2, Load: 0.5, BanKeys: []Fingerprint{"x"}, Bans: map[string]uint64{"a": 9}},
		Incarnation: "ABC", Draining: true,
	},
	Counter: 5,
}

func TestRecord(t *testing.T) {
	c := newCodec([32]byte{1})
	text := c.encode(nodeKey("a"), testRecord)
	if got, err := c.decode(nodeKey("a"), text); err != nil || !reflect.DeepEqual(got, testRecord) {
		t.Fatalf("got %+v, %v; want %+v", got, err, testRecord)
	}
	for _, tt := range []struct {
		name, key, text string
		codec           codec
		want            error
	}{
		{"under another key", nodeKey("a"), text, newCodec([32]byte{2}), errMAC},
		{"at another name", nodeKey("b"), text, c, errMAC},
		{"of another incarnation", nodeKey("a"), "ABD" + text[3:], c, errMAC},
		{"changed", nodeKey("a"), strings.Replace(text, `"relay":"a.`, `"relay":"b.`, 1), c, errMAC},
		{"nothing", nodeKey("a"), "", c, errForm},
		{"words", nodeKey("a"), "a b c", c, errForm},
		{"no name", nodeKey(""), c.encode(nodeKey(""), record{}), c, errForm},
		{"another's name", nodeKey("b"), c.encode(nodeKey("b"), testRecord), c, errForm},
		{"too long", nodeKey("a"), text + strings.Repeat(" ", maxRecord), c, errForm},
	} {
		if _, err := tt.codec.decode(tt.key, tt.text); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	newer := strings.Replace(text, `"counter"`, `"colour":"red","counter"`, 1)
	body := strings.SplitN(newer, " ", 3)[2]
	if r, err := c.decode(nodeKey("a"), sealed(c, "a", "ABC", body)); err != nil || r.Name != "a" {
		t.Errorf("of a newer version, with more in it: %+v, %v", r, err)
	}
}

// sealed returns a record with this body.
func sealed(c codec, name, incarnation, body string) string {
	return incarnation + " " + base64.RawURLEncoding.EncodeToString(c.mac(nodeKey(name), incarnation, body)) + " " + body
}

func FuzzRecord(f *testing.F) {
	c := newCodec([32]byte{1})
	f.Add("ABC", c.encode(nodeKey("a"), testRecord)[len("ABC ")+44:])
	f.Add("ABC", `{"name":"a","load":-1}`)
	f.Add("", `{"name":"a","protocol":{"min":2,"max":1}}`)
	f.Fuzz(func(t *testing.T, incarnation, body string) {
		r, err := c.decode(nodeKey("a"), sealed(c, "a", incarnation, body))
		if err != nil {
			return
		}
		again, err := c.decode(nodeKey("a"), c.encode(nodeKey("a"), r))
		if err != nil || again.Name != "a" || again.Incarnation != incarnation || again.Counter != r.Counter || again.Load != r.Load {
			t.Errorf("%q is %+v, written again %+v, %v", body, r, again, err)
		}
	})
}
