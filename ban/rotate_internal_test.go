package ban

import (
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
)

// A rotation can come between the moment when an entry is checked and the one
// when it is carried out.
func TestRotateBetweenCheckAndAdd(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "joingyd.db"), Keys{{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	entries := []Entry{{Target: TargetOf(s.Pseudonym(netip.MustParseAddr("203.0.113.1"))), By: "root"}}
	if err := s.validate(entries); err != nil {
		t.Fatal(err)
	}
	err = s.update(func(c *change) error {
		var without ring
		c.ring = &without
		_, err := s.makeAll(c, entries)
		return err
	})
	if !errors.Is(err, ErrInvalid) || s.Len() != 0 {
		t.Errorf("error %v with %d bans, want ErrInvalid and none", err, s.Len())
	}
}
