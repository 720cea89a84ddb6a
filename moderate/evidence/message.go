package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"
)

// MaxMessage is the most that SealMessage takes, in bytes.
const MaxMessage = 64 << 10

// SealMessage seals a short message, as files of evidence are: whoever has one of the
// recipients' private keys opens it with OpenMessage. It clears nothing.
func SealMessage(plain []byte, recipients []Recipient) ([]byte, error) {
	return sealUpTo(plain, MaxMessage, recipients)
}

// SealFile is SealMessage for what has up to MaxFile bytes.
func SealFile(plain []byte, recipients []Recipient) ([]byte, error) {
	return sealUpTo(plain, MaxFile, recipients)
}

func sealUpTo(plain []byte, most int, recipients []Recipient) ([]byte, error) {
	if len(recipients) == 0 {
		return nil, ErrNoRecipients
	}
	if len(plain) > most {
		return nil, fmt.Errorf("%w: %d bytes, %d at most", ErrTooLarge, len(plain), most)
	}
	keys := make([]age.Recipient, len(recipients))
	for i, r := range recipients {
		keys[i] = r.key
	}
	return seal(slices.Clone(plain), keys)
}

// OpenMessage opens what SealMessage sealed. It is for the machine of who has the key.
func OpenMessage(sealed []byte, identities ...Identity) ([]byte, error) {
	return openUpTo(sealed, MaxMessage, identities)
}

// OpenFile opens what SealFile sealed.
func OpenFile(sealed []byte, identities ...Identity) ([]byte, error) {
	return openUpTo(sealed, MaxFile, identities)
}

// Sealed reports whether data begins as what is sealed does.
func Sealed(data []byte) bool { return bytes.HasPrefix(data, []byte(ageHeader)) }

func openUpTo(sealed []byte, most int64, identities []Identity) ([]byte, error) {
	if len(identities) == 0 {
		return nil, ErrWrongKey
	}
	keys := make([]age.Identity, len(identities))
	for i, identity := range identities {
		keys[i] = identity.key
	}
	plain, err := decrypt(bytes.NewReader(sealed), most, keys...)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return nil, ErrWrongKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return plain, nil
}
