package admin

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"

	"github.com/joingyd/joingyd/ban"
)

// KeyList is the keys of the daemon, by what they are for; the keys themselves
// are never told.
type KeyList struct {
	Ban []ban.KeyUse `json:"ban"` // of the addresses' hashes, the current first
}

// KeySaver puts the keys of the ban store where the next start finds them, the
// current first, in place of those that are there.
type KeySaver func(ban.Keys) error

// RotateRequest asks for a new key. By is as in BanRequest.
type RotateRequest struct {
	By string
}

// RotateResult is the keys after a rotation.
type RotateResult struct {
	KeyList
	Dropped int `json:"dropped"` // keys that no ban needed any more
}

// Keys lists the keys.
func (s *Service) Keys(context.Context) (KeyList, error) {
	return KeyList{Ban: s.bans.Keys()}, nil
}

// RotateKeys makes a new key for the bans to come. Those that there are keep the
// key that they were made with.
func (s *Service) RotateKeys(_ context.Context, req RotateRequest) (RotateResult, error) {
	if s.opts.SaveKeys == nil {
		return RotateResult{}, &Error{CodeUnavailable, "there is no file to keep a new key in; rotate the keys of the daemon"}
	}
	var key ban.Key
	rand.Read(key[:])
	dropped := 0
	err := s.bans.Rotate(key, func(keys ban.Keys) error {
		dropped = len(s.bans.Keys()) + 1 - len(keys)
		if err := s.opts.SaveKeys(keys); err != nil {
			return fmt.Errorf("the keys are as before: %w; make the data directory writable, and rotate again", err)
		}
		return nil
	})
	if err != nil {
		return RotateResult{}, fromStore(err)
	}
	result := RotateResult{KeyList: KeyList{Ban: s.bans.Keys()}, Dropped: dropped}
	s.opts.Log.Info("ban key rotated", "number", result.Ban[0].Number, "dropped", dropped, "by", cmp.Or(req.By, ownName()))
	return result, nil
}
