package ban

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
)

// ID names a ban, of all times: 40 bits, written as 8 characters of a-z and 2-7.
// The zero ID is no ban's, and written as nothing.
type ID uint64

// Bans are numbered one after the other, so that a list of a million is written
// to neighbouring pages of the file. Consecutive IDs would be easy to mistake for
// each other, so what people see is the number times an odd constant, modulo 2⁴⁰.
const (
	idBits    = 40
	idMask    = 1<<idBits - 1
	idFactor  = 0x9E3779B97F & idMask // golden ratio, odd
	idInverse = 0x4C19BC067F          // idFactor * idInverse = 1 modulo 2⁴⁰
	idSize    = idBits / 8
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// String returns the 8 characters, or nothing for the zero ID.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(id)*idFactor&idMask)
	return idEncoding.EncodeToString(raw[8-idSize:])
}

// ParseID reads what String writes. The error wraps ErrInvalid.
func ParseID(text string) (ID, error) {
	raw, err := idEncoding.DecodeString(text)
	if err != nil || len(raw) != idSize {
		return 0, fmt.Errorf("%w: %s is not the id of a ban; write its 8 characters", ErrInvalid, quote(text))
	}
	var wide [8]byte
	copy(wide[8-idSize:], raw)
	return ID(binary.BigEndian.Uint64(wide[:]) * idInverse & idMask), nil
}

// MarshalText returns String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(text []byte) (err error) {
	if *id = 0; len(text) > 0 {
		*id, err = ParseID(string(text))
	}
	return err
}

// key is the ID in the file: 5 bytes that sort by number.
func (id ID) key() []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(id))
	return raw[8-idSize:]
}

// idOf reads what key writes.
func idOf(key []byte) (ID, bool) {
	if len(key) != idSize {
		return 0, false
	}
	var wide [8]byte
	copy(wide[8-idSize:], key)
	id := ID(binary.BigEndian.Uint64(wide[:]))
	return id, id != 0
}
