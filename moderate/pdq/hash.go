package pdq

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

// Hash is a PDQ hash: bit 255, the first of its digits, is the highest bit of the first
// word. The zero value is the hash of no picture.
type Hash [4]uint64

const (
	hashBits   = 256
	hashDigits = hashBits / 4
)

var errDigits = errors.New("it is not 64 hexadecimal digits")

// ParseHash reads 64 hexadecimal digits, upper or lower case.
func ParseHash(text string) (h Hash, err error) {
	var raw [hashBits / 8]byte
	if len(text) != hashDigits {
		return Hash{}, fmt.Errorf("%w but %d characters", errDigits, len(text))
	}
	if _, err := hex.Decode(raw[:], []byte(text)); err != nil {
		return Hash{}, errDigits
	}
	for i, b := range raw {
		h[i/8] = h[i/8]<<8 | uint64(b)
	}
	return h, nil
}

// String returns the 64 digits, in lower case, as the reference writes them.
func (h Hash) String() string { return fmt.Sprintf("%016x%016x%016x%016x", h[0], h[1], h[2], h[3]) }

// Distance returns in how many bits the two differ, 0 to 256.
func (h Hash) Distance(other Hash) int {
	return bits.OnesCount64(h[0]^other[0]) + bits.OnesCount64(h[1]^other[1]) +
		bits.OnesCount64(h[2]^other[2]) + bits.OnesCount64(h[3]^other[3])
}

// set sets a bit, 0 to 255.
func (h *Hash) set(bit int) { h[3-bit/64] |= 1 << (bit % 64) }

// ones returns how many bits are set: 128 of a picture, as half of its frequencies are
// stronger than their median.
func (h Hash) ones() int { return h.Distance(Hash{}) }

// compare orders hashes by their digits.
func (h Hash) compare(other Hash) int {
	for i, word := range h {
		if word != other[i] {
			if word < other[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
