package privacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Visits signs receipts of visits: a session's number, the day, and an HMAC-SHA-256 of
// both (RFC 2104), cut to 16 bytes. Whoever has one shows with it that the session was
// theirs; it says nothing else. The receipt is good for Days days, as long as its key is
// among those in use. Its methods may be called at the same time.
type Visits struct {
	days int
	now  func() time.Time
	keys atomic.Pointer[[][32]byte]
}

// NewVisits returns what signs with the first of some keys, of which there is one at least,
// and reads by all. days is how many a receipt is good for, after its own; a nil now is
// time.Now.
func NewVisits(keys [][32]byte, days int, now func() time.Time) *Visits {
	if now == nil {
		now = time.Now
	}
	v := &Visits{days: days, now: now}
	v.UseKeys(keys)
	return v
}

// UseKeys puts others in the place of the keys: the first signs, and each reads.
func (v *Visits) UseKeys(keys [][32]byte) {
	keys = slices.Clone(keys)
	v.keys.Store(&keys)
}

// Errors of a Visits.
var (
	ErrVisit   = errors.New("this is no receipt of a visit to this site")
	ErrExpired = errors.New("the receipt of the visit has expired")
)

const (
	visitSession = 16
	visitDay     = 2
	visitMAC     = 16
	visitSize    = visitSession + visitDay + visitMAC
	visitGroup   = 11 // characters between dashes: 55 in five groups
)

var visitEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (v *Visits) today() int { return int(v.now().Unix() / 86400) }

// Receipt returns that of a session, which began today or goes on.
func (v *Visits) Receipt(session [16]byte) string {
	raw := append(make([]byte, 0, visitSize), session[:]...)
	raw = binary.BigEndian.AppendUint16(raw, uint16(v.today()))
	raw = append(raw, visitMACOf((*v.keys.Load())[0], raw)...)
	text := visitEncoding.EncodeToString(raw)
	var groups []string
	for ; len(text) > visitGroup; text = text[visitGroup:] {
		groups = append(groups, text[:visitGroup])
	}
	return strings.Join(append(groups, text), "-")
}

// Read returns the session of a receipt, as Receipt wrote it or as people copy it:
// capitals, spaces and dashes do not matter. The error is ErrVisit or ErrExpired.
func (v *Visits) Read(text string) (session [16]byte, err error) {
	if len(text) > 200 {
		return session, ErrVisit
	}
	text = strings.Map(func(c rune) rune {
		if strings.ContainsRune(" \t\r\n-‐‑–\u00a0", c) {
			return -1
		}
		return c
	}, strings.ToLower(text))
	raw, err := visitEncoding.DecodeString(text)
	if err != nil || len(raw) != visitSize || visitEncoding.EncodeToString(raw) != text {
		return session, ErrVisit
	}
	signed, mac := raw[:visitSize-visitMAC], raw[visitSize-visitMAC:]
	ours := 0
	for _, key := range *v.keys.Load() {
		ours |= subtle.ConstantTimeCompare(mac, visitMACOf(key, signed))
	}
	if ours != 1 {
		return session, ErrVisit
	}
	if made := int(binary.BigEndian.Uint16(signed[visitSession:])); v.today() > made+v.days {
		return session, ErrExpired
	}
	return [16]byte(signed[:visitSession]), nil
}

func visitMACOf(key [32]byte, signed []byte) []byte {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte("visit "))
	h.Write(signed)
	return h.Sum(nil)[:visitMAC]
}
