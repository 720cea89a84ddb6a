package bus

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync/atomic"

	"github.com/joingyd/joingyd/recent"
)

// keySize is how long the cluster's key is, in bytes.
const keySize = 32

// channel returns where a node listens.
func channel(name string) string { return "joingy:bus:{" + name + "}" }

// associated returns what a frame is bound to beside its key.
func associated(channel string) []byte { return append([]byte{version}, channel...) }

// newAEAD returns the cipher of all that a process seals.
func newAEAD(key []byte, from Incarnation) cipher.AEAD {
	derived, err := hkdf.Key(sha256.New, key, from[:], "joingyd cluster bus", 32)
	if err != nil {
		panic("bus: " + err.Error()) // the sizes are ours: cannot happen
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		panic("bus: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("bus: " + err.Error())
	}
	return aead
}

// nonce returns the nonce of a frame: its count, after zeros.
func nonce(count uint64) (n [12]byte) {
	binary.BigEndian.PutUint64(n[4:], count)
	return n
}

// sealer seals what one process says. It is safe for concurrent use.
type sealer struct {
	self   Incarnation
	aead   cipher.AEAD
	sealed atomic.Uint64
}

func newSealer(key []byte, self Incarnation) *sealer {
	return &sealer{self: self, aead: newAEAD(key, self)}
}

// seal seals a frame that was begun by appendHead, in place if there is room for the tag.
func (s *sealer) seal(frame, associated []byte) []byte {
	count := s.sealed.Add(1) - 1
	frame[0] = version
	copy(frame[1:], s.self[:])
	binary.BigEndian.PutUint64(frame[1+len(s.self):], count)
	n := nonce(count)
	return s.aead.Seal(frame[:clearSize], n[:], frame[clearSize:], associated)
}

// openers is how many processes' ciphers an opener keeps.
const openers = 1024

var errSeal = errors.New("bus: sealed with another key, for another channel, or spoilt")

// opener opens what others say to a channel. It is not safe for concurrent use.
type opener struct {
	key        []byte
	associated []byte
	known      *recent.Map[Incarnation, cipher.AEAD] // that opened a frame
}

func newOpener(key []byte, channel string) *opener {
	return &opener{key: key, associated: associated(channel), known: recent.New[Incarnation, cipher.AEAD](openers)}
}

// open opens and reads a frame, in place.
func (o *opener) open(b []byte) (from Incarnation, f frame, err error) {
	if len(b) < clearSize+tagSize || b[0] != version {
		return from, f, errFrame
	}
	from = Incarnation(b[1:])
	var aead cipher.AEAD
	if kept := o.known.Get(from); kept != nil {
		aead = *kept
	} else {
		aead = newAEAD(o.key, from)
	}
	n := nonce(binary.BigEndian.Uint64(b[1+len(from):]))
	opened, err := aead.Open(b[clearSize:clearSize], n[:], b[clearSize:], o.associated)
	if err != nil {
		return from, f, errSeal
	}
	kept, _ := o.known.Use(from)
	*kept = aead
	f, err = parse(opened)
	return from, f, err
}
