package evidence

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// The errors of Open.
var (
	ErrWrongKey = errors.New("evidence: none of the keys opens this file: it was sealed for others, or its header was changed")
	ErrDamaged  = errors.New("evidence: the file is damaged: cut off, or changed since it was sealed; take it from a backup")
)

// Open reads a sealed file. It returns the whole document or none. It is for the
// machine of a moderator.
func Open(r io.Reader, identities ...Identity) (Document, error) {
	if len(identities) == 0 {
		return Document{}, ErrWrongKey
	}
	keys := make([]age.Identity, len(identities))
	for i, identity := range identities {
		keys[i] = identity.key
	}
	text, err := decrypt(r, MaxFile, keys...)
	defer func() { clear(text) }()
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return Document{}, ErrWrongKey
	}
	if err != nil {
		return Document{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return decode(text)
}

// decrypt returns the plaintext of an age file, which has at most so many bytes.
func decrypt(r io.Reader, most int64, keys ...age.Identity) ([]byte, error) {
	plain, err := age.Decrypt(r, keys...)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(plain, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	if err != nil {
		clear(text)
		return nil, err
	}
	return text, nil
}
