package bans

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// frame is what stands in the stream, sealed.
type frame struct {
	From string `json:"from"` // a node

	// Of items: what the store has made of them, for Store.Apply.
	Origin string          `json:"origin"`
	After  uint64          `json:"after"`
	To     uint64          `json:"to,omitempty"`
	Batch  json.RawMessage `json:"batch,omitempty"`

	// Of a wish for items of Origin after After: the node that is to send them.
	Ask string `json:"ask,omitempty"`
}

// maxFrame bounds what is read, in bytes: a batch is Options.Frame and at most one item more.
const maxFrame = 1 << 20

var errSeal = errors.New("it was sealed with another cluster key, or is damaged")

// sealer seals frames, for the stream. It may be used by several at the same time.
type sealer struct{ aead cipher.AEAD }

func newSealer(clusterKey [32]byte) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, clusterKey[:], nil, "joingyd cluster bans", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

func (s *sealer) seal(f frame) (string, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	return string(s.aead.Seal(nil, nil, text, []byte(stream))), nil
}

func (s *sealer) open(sealed string) (f frame, err error) {
	if len(sealed) > maxFrame {
		return f, fmt.Errorf("a frame of %d bytes", len(sealed))
	}
	text, err := s.aead.Open(nil, nil, []byte(sealed), []byte(stream))
	if err != nil {
		return f, errSeal
	}
	return f, json.Unmarshal(text, &f)
}
