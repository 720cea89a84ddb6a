package admin

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// KeyPurpose is what keys are for.
type KeyPurpose string

// The purposes of keys.
const (
	KeyBan   KeyPurpose = "ban"   // hashes of addresses
	KeyRelay KeyPurpose = "relay" // relay credentials
	KeyAge   KeyPurpose = "age"   // proofs of age

	KeyVisits     KeyPurpose = "visits"     // receipts of visits
	KeyDisclosure KeyPurpose = "disclosure" // bundles for authorities
)

// KeyPurposes lists them in the order in which they are told.
func KeyPurposes() []KeyPurpose {
	return []KeyPurpose{KeyBan, KeyRelay, KeyAge, KeyVisits, KeyDisclosure}
}

// Key is what may be told of a key: never itself.
type Key struct {
	For         KeyPurpose `json:"for"`
	Number      int        `json:"number,omitempty"` // by which the ban store knows it
	Fingerprint string     `json:"fingerprint"`      // the first 8 hexadecimal digits of its SHA-256
	Current     bool       `json:"current"`          // whether what is new gets it
	Bans        int        `json:"bans,omitempty"`   // that need it
	Until       time.Time  `json:"until,omitzero"`   // when the last relay credentials under it end
	Made        time.Time  `json:"made,omitzero"`    // zero: not known
	From        string     `json:"from"`             // path of the file that it is in; empty: in memory only
	Credential  bool       `json:"credential"`       // whether that is one of systemd's credentials
}

// KeyList is the keys of the daemon, by what they are for.
type KeyList struct {
	Ban  []ban.KeyUse `json:"ban"`  // of the addresses' hashes, the current first
	Keys []Key        `json:"keys"` // all of them, the current one of each purpose first

	Fixed []Secret `json:"fixed,omitempty"` // other secrets, which no command rotates
}

// KeySaver puts the keys of the ban store where the next start finds them, the
// current first, in place of those that are there.
type KeySaver func(ban.Keys) error

// KeyFile is where the keys of one purpose are.
type KeyFile struct {
	Path       string
	Credential bool      // it is systemd's, and cannot be written
	Made       time.Time // when the current key was put there; zero: not known
}

// HeldKey is a key that is in use.
type HeldKey struct {
	Key   [32]byte
	Until time.Time // when nothing needs it any more; zero: not known, or it is the current one
	Saved bool      // whether it is in the file
}

// KeyRing is the keys of one purpose, other than the bans'.
type KeyRing interface {
	// Held lists them, the current first.
	Held() ([]HeldKey, error)
	// Rotate makes key the current one: on disk, and then in use. It tells how many
	// keys were dropped that nothing needs any more. After an error nothing has changed.
	Rotate(key [32]byte) (dropped int, err error)
}

// RotateRequest asks for a new key. By is as in BanRequest.
type RotateRequest struct {
	For KeyPurpose // empty: KeyBan
	By  string
}

// Validate checks what can be checked without a daemon.
func (r RotateRequest) Validate() error {
	if r.For == "" || slices.Contains(KeyPurposes(), r.For) {
		return nil
	}
	if fixed, is := fixedSecret(string(r.For)); is {
		return invalid("%s (%s) is not rotated by a command: %s; %s", fixed.Name, fixed.What, fixed.Why, fixed.Instead)
	}
	return invalid("there are no keys for %s; write ban, relay, age, visits or disclosure", quote(string(r.For)))
}

// RotateResult is the keys after a rotation.
type RotateResult struct {
	KeyList
	For     KeyPurpose `json:"for"`
	Dropped int        `json:"dropped"` // keys that nothing needed any more

	Nodes   []string `json:"nodes,omitempty"`   // others that have the new key too, of bans or proofs of age
	Missing []string `json:"missing,omitempty"` // why others have not
}

// Keys lists the keys.
func (s *Service) Keys(context.Context) (KeyList, error) {
	list := KeyList{Ban: s.bans.Keys(), Keys: []Key{}}
	for _, purpose := range KeyPurposes() {
		keys, err := s.keysFor(purpose)
		if err != nil {
			return KeyList{}, &Error{CodeInternal, err.Error()}
		}
		list.Keys = append(list.Keys, keys...)
	}
	list.Fixed = s.fixed()
	return list, nil
}

func (s *Service) keysFor(purpose KeyPurpose) (keys []Key, err error) {
	file := s.keyFile(purpose)
	add := func(held HeldKey, more Key) {
		more.For, more.Fingerprint, more.Until, more.Current = purpose, fingerprint(held.Key), held.Until, len(keys) == 0
		if held.Saved {
			more.From, more.Credential = file.Path, file.Credential
		}
		if more.Current {
			more.Made = file.Made
		}
		keys = append(keys, more)
	}
	if purpose == KeyBan {
		for _, use := range s.bans.Keys() {
			add(HeldKey{Key: use.Key, Saved: true}, Key{Number: use.Number, Bans: use.Bans})
		}
		return keys, nil
	}
	ring := s.opts.KeyRings[purpose]
	if ring == nil {
		return nil, nil
	}
	all, err := ring.Held()
	for _, held := range all {
		add(held, Key{})
	}
	return keys, err
}

func (s *Service) keyFile(purpose KeyPurpose) KeyFile {
	if s.opts.KeyFile == nil {
		return KeyFile{}
	}
	return s.opts.KeyFile(purpose)
}

// fingerprint tells one key from another, and says nothing else of it: they are random.
func fingerprint(key [32]byte) string {
	sum := sha256.Sum256(key[:])
	return hex.EncodeToString(sum[:4])
}

// RotateKeys makes a new key for what is to come. What there is keeps the key that it
// was made with, for as long as it needs it.
func (s *Service) RotateKeys(ctx context.Context, req RotateRequest) (RotateResult, error) {
	if err := req.Validate(); err != nil {
		return RotateResult{}, err
	}
	purpose := cmp.Or(req.For, KeyBan)
	rotate, err := s.rotation(purpose)
	if err != nil {
		return RotateResult{}, err
	}
	s.rotating.Lock()
	defer s.rotating.Unlock()
	var key [32]byte
	rand.Read(key[:])
	details := map[string]string{"fingerprint": fingerprint(key)}
	if purpose == KeyDisclosure {
		if err := s.noteSigning(details, key); err != nil {
			return RotateResult{}, err
		}
	}
	if err := s.record(req.By, "keys.rotate", string(purpose), details); err != nil {
		return RotateResult{}, err
	}
	dropped, err := rotate(key)
	if refused, is := errors.AsType[*Error](err); is {
		return RotateResult{}, refused
	}
	if err != nil {
		return RotateResult{}, fromStore(err)
	}
	list, err := s.Keys(context.Background())
	if err != nil {
		return RotateResult{}, err
	}
	attributes := []any{"fingerprint", fingerprint(key), "dropped", dropped, "by", cmp.Or(req.By, ownName())}
	if purpose == KeyBan {
		attributes = append(attributes, "number", list.Ban[0].Number)
	}
	s.opts.Log.InfoContext(ctx, string(purpose)+" key rotated", attributes...)
	result := RotateResult{KeyList: list, For: purpose, Dropped: dropped}
	if isShared(purpose) && s.opts.Nodes != nil {
		result.Nodes, result.Missing = s.shareKey(ctx, purpose, key, cmp.Or(req.By, ownName()))
	}
	return result, nil
}

// noteSigning adds the public halves of the key that signs bundles and of its successor:
// bundles that there are, are checked with that of before, which no file has any more.
func (s *Service) noteSigning(details map[string]string, key [32]byte) error {
	held, err := s.opts.KeyRings[KeyDisclosure].Held()
	if err != nil {
		return &Error{CodeInternal, err.Error()}
	}
	details["public"] = publicHalf(key)
	if len(held) > 0 {
		details["public_before"] = publicHalf(held[0].Key)
	}
	return nil
}

// publicHalf is the public key of who signs with a secret, hexadecimal.
func publicHalf(seed [32]byte) string {
	private := ed25519.NewKeyFromSeed(seed[:])
	return hex.EncodeToString(private[ed25519.SeedSize:])
}

// rotation is what rotates the keys of a purpose, if they can be.
func (s *Service) rotation(purpose KeyPurpose) (func([32]byte) (int, error), error) {
	if file := s.keyFile(purpose); file.Credential {
		where := "above the lines in"
		if purpose == KeyRelay || purpose == KeyDisclosure {
			where = "in place of the line in"
		}
		return nil, &Error{CodeUnavailable, fmt.Sprintf("the keys for %s are a systemd credential, %s, which the daemon cannot replace; write a new one (openssl rand -hex 32) %s the file that LoadCredential= of the unit names, and restart the daemon",
			purpose, file.Path, where)}
	}
	switch ring := s.opts.KeyRings[purpose]; {
	case purpose == KeyBan && s.opts.SaveKeys == nil:
		return nil, &Error{CodeUnavailable, "there is no file to keep a new key in; rotate the keys of the daemon"}
	case purpose == KeyBan:
		return s.rotateBan, nil
	case ring == nil:
		return nil, notFound("there are no keys for %s: nothing uses any", purpose)
	default:
		return ring.Rotate, nil
	}
}

// rotateBan is KeyRing.Rotate for the keys of the ban store.
func (s *Service) rotateBan(key [32]byte) (dropped int, err error) {
	err = s.bans.Rotate(key, func(keys ban.Keys) error {
		dropped = len(s.bans.Keys()) + 1 - len(keys)
		return s.saveBanKeys(keys)
	})
	return dropped, err
}

func (s *Service) saveBanKeys(keys ban.Keys) error {
	if err := s.opts.SaveKeys(keys); err != nil {
		return fmt.Errorf("the keys are as before: %w; make the data directory writable, and rotate again", err)
	}
	return nil
}
