package bus

import (
	"strings"
	"testing"
)

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]struct {
		opts Options
		want string
	}{
		"no name":     {Options{Key: testKey}, "Node: the node's name is empty"},
		"a brace":     {Options{Key: testKey, Node: "a{b"}, `"a{b" has a space, a brace`},
		"long name":   {Options{Key: testKey, Node: strings.Repeat("n", 129)}, "129 characters"},
		"short key":   {Options{Node: "a", Key: testKey[:31]}, "Key has 31 bytes; the cluster's key has 32"},
		"small queue": {Options{Node: "a", Key: testKey, Queue: 1}, "Queue is 1 bytes"},
		"small inbox": {Options{Node: "a", Key: testKey, Inbox: 1}, "Inbox is 1 bytes"},
		"timeout":     {Options{Node: "a", Key: testKey, Timeout: -1}, "Timeout is -1ns"},
	}
	for name, test := range tests {
		if _, err := newBus(test.opts, newAir(0)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "Client") {
		t.Errorf("no client: %v", err)
	}
	b, err := newBus(Options{Node: "a", Key: testKey}, newAir(0))
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"": "empty", "a": "is this one", "b c": "space"} {
		if err := b.Send(to, 0, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("to %q: %v, want %q", to, err, want)
		}
	}
	if err := b.Send("b", 0, make([]byte, MaxPayload+1)); err == nil || !strings.Contains(err.Error(), "at most 65536") {
		t.Error(err)
	}
}
