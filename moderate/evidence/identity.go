package evidence

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Identity is a moderator's private key. It prints as REDACTED, whatever prints it.
// No server has one.
type Identity struct{ key age.Identity }

const redacted = "REDACTED"

// String returns REDACTED.
func (Identity) String() string { return redacted }

// GoString returns REDACTED.
func (Identity) GoString() string { return redacted }

// Format writes REDACTED for every verb.
func (Identity) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns REDACTED.
func (Identity) LogValue() slog.Value { return slog.StringValue(redacted) }

// The errors of ParseIdentities.
var (
	ErrPassphrase      = errors.New("evidence: the file of keys is protected by a passphrase, and this is not the one")
	ErrNeedsPassphrase = errors.New("evidence: the file of keys is protected by a passphrase, which nobody can be asked for here")
)

const (
	maxIdentities = 1 << 20 // bytes of a file of keys
	ageHeader     = "age-encryption.org/"
)

// ParseIdentities reads a file of private keys as age-keygen writes it. If it is
// protected by a passphrase (age -p, binary or armored), that is asked for; nil is
// for where nobody can be.
func ParseIdentities(r io.Reader, passphrase func() (string, error)) ([]Identity, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxIdentities+1))
	defer func() { clear(text) }()
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxIdentities:
		return nil, fmt.Errorf("evidence: the file of keys has more than %d bytes; is it another file?", maxIdentities)
	case bytes.HasPrefix(text, []byte(ageHeader)), bytes.HasPrefix(text, []byte(armor.Header)):
		encrypted := text
		text, err = unlock(encrypted, passphrase)
		if err != nil {
			return nil, err
		}
	}
	keys, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		if bytes.HasPrefix(text, []byte("age1")) {
			return nil, errors.New("evidence: these are public keys; a private key begins with AGE-SECRET-KEY-")
		}
		return nil, fmt.Errorf("evidence: the file of keys: %w; it must have lines AGE-SECRET-KEY-…", err)
	}
	identities := make([]Identity, len(keys))
	for i, key := range keys {
		identities[i] = Identity{key}
	}
	return identities, nil
}

// unlock decrypts a file of keys.
func unlock(encrypted []byte, passphrase func() (string, error)) ([]byte, error) {
	if passphrase == nil {
		return nil, ErrNeedsPassphrase
	}
	word, err := passphrase()
	if err != nil {
		return nil, err
	}
	identity, err := age.NewScryptIdentity(strings.TrimRight(word, "\r\n"))
	if err != nil {
		return nil, ErrPassphrase
	}
	var r io.Reader = bytes.NewReader(encrypted)
	if !bytes.HasPrefix(encrypted, []byte(ageHeader)) {
		r = armor.NewReader(bufio.NewReader(r))
	}
	text, err := decrypt(r, maxIdentities, identity)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		if slices.Contains(none.StanzaTypes, "scrypt") {
			return nil, ErrPassphrase
		}
		return nil, errors.New("evidence: the file of keys is sealed for a key itself; is it a file of evidence?")
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: the file of keys is damaged: %w", err)
	}
	return text, nil
}
