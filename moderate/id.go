package moderate

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// NewID returns an id for a report that no visitor made, or for a piece of evidence: 8
// characters of a-z and 2-7, at random.
func NewID() string {
	var raw [5]byte
	rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}
