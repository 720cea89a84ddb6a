package main

import (
	"slices"
	"testing"
)

func TestOwnAddresses(t *testing.T) {
	t.Setenv("SSH_CONNECTION", "")
	t.Setenv("SSH_CLIENT", "")
	before := ownAddresses() // of whoever runs the test
	for _, tt := range []struct {
		connection, client string
		want               []string
	}{
		{"203.0.113.7 52014 192.0.2.1 22", "203.0.113.7 52014 22", []string{"203.0.113.7"}},
		{"", "2001:db8::1 52014 22", []string{"2001:db8::1"}},
		{"fe80::1%eth0 52014 fe80::2%eth0 22", "203.0.113.7 52014 22", []string{"fe80::1%eth0", "203.0.113.7"}},
		{"UNKNOWN 65535 UNKNOWN 65535", "", nil},
		{"", "", nil},
	} {
		t.Setenv("SSH_CONNECTION", tt.connection)
		t.Setenv("SSH_CLIENT", tt.client)
		got := ownAddresses()
		if len(got) < len(before) {
			t.Fatalf("ownAddresses() = %q, which lacks %q", got, before)
		}
		own := got[:len(got)-len(before)]
		slices.Sort(own)
		slices.Sort(tt.want)
		if !slices.Equal(own, tt.want) {
			t.Errorf("of %q and %q: %q, want %q", tt.connection, tt.client, own, tt.want)
		}
	}
}
