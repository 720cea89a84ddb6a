package moderate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
)

// Receipt is what somebody asks with what became of a case that they brought: 160
// random bits, which the store keeps only a hash of. The zero value is none.
type Receipt struct{ secret [receiptSize]byte }

const (
	receiptSize  = 20 // bytes
	receiptGroup = 4  // characters between dashes
)

var receiptEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ErrReceipt refuses what is no receipt.
var ErrReceipt = errors.New("a receipt is 32 characters of a-z and 2-7; spaces and dashes do not count")

// NewReceipt returns a receipt that nobody can guess.
func NewReceipt() (r Receipt) {
	rand.Read(r.secret[:]) // never fails
	return r
}

// ParseReceipt reads what String writes, and what people make of it: capitals, spaces,
// other dashes, and the digits that look like letters. The error is ErrReceipt.
func ParseReceipt(text string) (r Receipt, err error) {
	if len(text) > 200 {
		return r, ErrReceipt
	}
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\t', '\r', '\n', '-', '‐', '‑', '–', '\u00a0':
			return -1
		case '0':
			return 'o'
		case '1':
			return 'l'
		case '8':
			return 'b'
		}
		return c
	}, strings.ToLower(text))
	if len(text) != receiptEncoding.EncodedLen(receiptSize) {
		return r, ErrReceipt
	}
	if n, err := receiptEncoding.Decode(r.secret[:], []byte(text)); err != nil || n != receiptSize {
		return Receipt{}, ErrReceipt
	}
	return r, nil
}

// IsZero reports whether r is none.
func (r Receipt) IsZero() bool { return r == Receipt{} }

// String returns the receipt in groups of four characters, for its owner only.
func (r Receipt) String() string {
	if r.IsZero() {
		return ""
	}
	text := receiptEncoding.EncodeToString(r.secret[:])
	var groups []string
	for ; text != ""; text = text[receiptGroup:] {
		groups = append(groups, text[:receiptGroup])
	}
	return strings.Join(groups, "-")
}

// LogValue returns REDACTED.
func (Receipt) LogValue() slog.Value { return slog.StringValue("REDACTED") }

// Digest is what is stored. So much randomness needs no slow hash.
func (r Receipt) Digest() string {
	sum := sha256.Sum256(r.secret[:])
	return hex.EncodeToString(sum[:])
}
