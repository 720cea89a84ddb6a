package turn

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// Nobody has to come by for an old secret to be forgotten.
func TestSecretsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{CredentialLifetime: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		s.Admit(ident.NewSession(), netip.MustParseAddr("192.0.2.1"))
		for n := range 3 {
			if err := s.Rotate([32]byte{byte(n + 1)}, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20*time.Minute - time.Second)
		}
		for _, want := range []int{4, 3, 2, 1, 1} {
			s.mu.RLock()
			got := len(s.secrets)
			s.mu.RUnlock()
			if got != want {
				t.Errorf("%d secrets, want %d", got, want)
			}
			time.Sleep(20 * time.Minute)
		}
		s.Close()
	})
}
