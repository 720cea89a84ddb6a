package match

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// A handover is what a hub that has closed leaves to the next: of each session that was in
// a chat one record, under a name and a key that both come of that session's resume token.
// The token is nowhere but with the client, so a handover tells nobody anything but how
// many there are, until a client comes back and opens its own record. It is made of
//
//	handoverMagic
//	int64 seconds since 1970   when it was made
//	uint16 seconds             that clients were asked to spread their return over
//	records, by name:          name, uint16 length, sealed
//
// and integers are big-endian. What is sealed is a handedChat, the number of those that the
// session does not want to meet and who they are, and zeros up to a multiple of
// handedSize bytes.
const (
	handoverMagic = "joingyd handover 1\n"
	handoverHead  = len(handoverMagic) + 8 + 2

	// HandoverLasts is how old a handover may be for the next hub to use it.
	HandoverLasts = 2 * time.Minute

	handedSize = 192 // bytes: room for four that are not wanted
)

// handedName finds a record.
type handedName [16]byte

func (n handedName) compare(other handedName) int { return bytes.Compare(n[:], other[:]) }

// handedChat is a session and its chat, as a record has them.
type handedChat struct {
	Session, Partner  ident.Session
	Pair              ident.Pair
	Video             bool
	Proved            bool    // showed a proof of age
	Spoke             [2]bool // the session, its partner had a line delivered
	Last, PartnerLast uint64  // numbers of their last messages
	Order             uint64  // of the last line
	Report            [8]byte // id of what the session reported of its partner; zero: nothing
	Prover            proverKey
}

// handed is one record, opened.
type handed struct {
	handedChat
	blocked []ident.Session
	name    handedName
}

var handedFixed = binary.Size(handedChat{})

func (c *handedChat) mode() pool.Mode {
	if c.Video {
		return pool.Video
	}
	return pool.Text
}

func (c *handedChat) report() string { return strings.TrimRight(string(c.Report[:]), "\x00") }

// keys returns the name and the cipher of the record of a session whose resume token has
// this hash. Both come of the hash alone, and the hash of nothing else, so every token
// seals once at most: a nonce would add nothing.
func (hash resumeHash) keys() (handedName, cipher.AEAD) {
	expand := func(info string, size int) []byte {
		out, err := hkdf.Expand(sha256.New, hash[:], info, size)
		if err != nil {
			panic("match: " + err.Error()) // the sizes are ours: cannot happen
		}
		return out
	}
	block, err := aes.NewCipher(expand("joingyd handover key", 32))
	if err != nil {
		panic("match: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("match: " + err.Error())
	}
	return handedName(expand("joingyd handover name", len(handedName{}))), aead
}

// seal returns the record of a session whose resume token has this hash.
func (r handed) seal(hash resumeHash) (handedName, []byte) {
	name, aead := hash.keys()
	blocked := r.blocked[max(0, len(r.blocked)-maxBlocked):]
	plain, err := binary.Append(make([]byte, 0, handedSize), binary.BigEndian, &r.handedChat)
	if err != nil {
		panic("match: " + err.Error()) // our own type: cannot happen
	}
	plain = append(plain, byte(len(blocked)))
	for _, id := range blocked {
		plain = append(plain, id[:]...)
	}
	plain = append(plain, make([]byte, (handedSize-len(plain)%handedSize)%handedSize)...)
	defer clear(plain)
	return name, aead.Seal(nil, make([]byte, aead.NonceSize()), plain, []byte(handoverMagic))
}

// open opens what seal returned.
func (hash resumeHash) open(sealed []byte) (r handed, ok bool) {
	name, aead := hash.keys()
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed, []byte(handoverMagic))
	if err != nil || len(plain) <= handedFixed {
		return r, false
	}
	defer clear(plain)
	if _, err := binary.Decode(plain, binary.BigEndian, &r.handedChat); err != nil {
		return r, false
	}
	rest, count := plain[handedFixed+1:], int(plain[handedFixed])
	if count > maxBlocked || len(rest) < count*len(ident.Session{}) {
		return r, false
	}
	for one := range slices.Chunk(rest[:count*len(ident.Session{})], len(ident.Session{})) {
		r.blocked = append(r.blocked, ident.Session(one))
	}
	r.name = name
	return r, true
}

// handover is what the hub before left, as far as nobody has come for it.
type handover struct {
	made   time.Time
	spread time.Duration // over which clients return
	sealed map[handedName][]byte

	until time.Time                    // when it is forgotten
	ended map[ident.Session]leftReason // sessions that are over since: whoever is told why they do not come
}

// encode is what parseHandover reads.
func (o *handover) encode() []byte {
	data := make([]byte, 0, handoverHead+len(o.sealed)*(len(handedName{})+2+handedSize+16))
	data = append(data, handoverMagic...)
	data = binary.BigEndian.AppendUint64(data, uint64(o.made.Unix()))
	data = binary.BigEndian.AppendUint16(data, uint16(o.spread/time.Second))
	for _, name := range slices.SortedFunc(maps.Keys(o.sealed), handedName.compare) {
		sealed := o.sealed[name]
		data = append(data, name[:]...)
		data = binary.BigEndian.AppendUint16(data, uint16(len(sealed)))
		data = append(data, sealed...)
	}
	return data
}

var errHandover = errors.New("not a handover of this version, or cut short")

// parseHandover reads what encode wrote. Of what the records say it knows nothing.
func parseHandover(data []byte) (*handover, error) {
	if len(data) < handoverHead || string(data[:len(handoverMagic)]) != handoverMagic {
		return nil, errHandover
	}
	head := data[len(handoverMagic):handoverHead]
	o := &handover{
		made:   time.Unix(int64(binary.BigEndian.Uint64(head)), 0),
		spread: time.Duration(binary.BigEndian.Uint16(head[8:])) * time.Second,
		sealed: make(map[handedName][]byte), ended: make(map[ident.Session]leftReason),
	}
	const before = len(handedName{}) + 2
	for rest := data[handoverHead:]; len(rest) > 0; {
		if len(rest) < before {
			return nil, errHandover
		}
		name, size := handedName(rest), int(binary.BigEndian.Uint16(rest[len(handedName{}):]))
		if rest = rest[before:]; len(rest) < size {
			return nil, errHandover
		}
		if _, twice := o.sealed[name]; twice {
			return nil, errHandover
		}
		o.sealed[name], rest = slices.Clone(rest[:size]), rest[size:]
	}
	return o, nil
}
