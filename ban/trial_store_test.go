package ban_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/ban"
)

// trialStore is what the trials S1 to S4 do with a store: the one place where
// they meet the package.
type trialStore struct{ *ban.Store }

// trialNode is the variable with the store's name in a cluster, also of a child's.
const trialNode = "JOINGYD_TRIAL_NODE"

func openTrialStore(path string, key [32]byte) (trialStore, error) {
	store, err := ban.Open(path, ban.Keys{key}, &ban.Options{Node: os.Getenv(trialNode)})
	return trialStore{store}, err
}

// trialTarget is the target with this number, up to 2²⁴. They do not overlap,
// and are of every kind.
func trialTarget(n int) string {
	switch n % 3 {
	case 0:
		return fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n))
	case 1:
		return fmt.Sprintf("2001:db8:%x:%x::/64", byte(n>>16), uint16(n))
	default:
		return fmt.Sprintf("2001:db9:%x:%x00::/56", uint16(n>>8), byte(n))
	}
}

// add bans the target, for good unless an end is given. The ban's reason tells
// which target it is on: the store itself does not know.
func (s trialStore) add(target string, until time.Time) error {
	t, err := ban.ParseTarget(target)
	if err != nil {
		return err
	}
	_, err = s.Add(ban.Entry{Target: t, Reason: target, Note: "a trial", By: "trial", Until: until})
	return err
}

// remove takes a target that has no ban for done.
func (s trialStore) remove(target string) error {
	t, err := ban.ParseTarget(target)
	if err != nil {
		return err
	}
	if _, err = s.Remove(t, ban.ScopeAll, "trial"); errors.Is(err, ban.ErrNotFound) {
		return nil
	}
	return err
}

// saysDamaged reports whether an error says that the file is damaged.
func saysDamaged(err error) bool { return errors.Is(err, ban.ErrCorrupt) }

// holds reports whether the target's own ban keeps its addresses out.
func (s trialStore) holds(target string) bool {
	t, err := ban.ParseTarget(target)
	if err != nil {
		panic(err)
	}
	b, banned := s.Check(t.Prefix().Addr(), ban.UseSite)
	return banned && b.Reason == target && s.keepsOut(lastOf(t.Prefix()))
}

func (s trialStore) keepsOut(addr netip.Addr) bool {
	_, banned := s.Check(addr, ban.UseSite)
	return banned
}

// active returns each active ban's target and everything that is said of it.
func (s trialStore) active() (map[string]string, error) {
	bans := make(map[string]string)
	for b, err := range s.Active() {
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		if bans[b.Reason] != "" {
			return nil, fmt.Errorf("%s is banned twice", b.Reason)
		}
		bans[b.Reason] = string(text)
	}
	return bans, nil
}

// ended returns everything that the history says, a line a ban.
func (s trialStore) ended() (lines []string, err error) {
	for e, err := range s.Ended() {
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(text))
	}
	return lines, nil
}

// lastOf is the last address of a prefix.
func lastOf(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

// checkBolt is bbolt's own check of a file that nobody has open.
func checkBolt(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("bbolt's check: %w", err)
			}
		}
		return first
	})
}
