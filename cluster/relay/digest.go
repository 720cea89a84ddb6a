package relay

import (
	"encoding/binary"

	"github.com/joingyd/joingyd/ident"
)

// digest says of a set of sessions and one of pairs whether they are the same somewhere
// else: identities are random, so their number and their sum tell. Nobody chooses them to
// deceive: who can write to the bus is a node.
type digest struct{ sessions, pairs sum }

// sum is of a set of identities.
type sum struct {
	n   uint32
	xor [16]byte
}

func (s *sum) add(id [16]byte)    { s.n++; s.flip(id) }
func (s *sum) remove(id [16]byte) { s.n--; s.flip(id) }

func (s *sum) flip(id [16]byte) {
	for i := range id {
		s.xor[i] ^= id[i]
	}
}

func (d digest) appendTo(b []byte) []byte {
	for _, s := range [2]sum{d.sessions, d.pairs} {
		b = append(binary.BigEndian.AppendUint32(b, s.n), s.xor[:]...)
	}
	return b
}

func (r *reader) digest() (d digest) {
	for _, s := range [2]*sum{&d.sessions, &d.pairs} {
		s.n, s.xor = r.uint32(), r.id()
	}
	return d
}

// book is what a Home has at one relay, at either end. V is what the end knows of a
// session, P of a pair.
type book[V, P any] struct {
	sessions map[ident.Session]V
	pairs    map[ident.Pair]P
	digest   digest
}

func newBook[V, P any]() book[V, P] {
	return book[V, P]{sessions: make(map[ident.Session]V), pairs: make(map[ident.Pair]P)}
}

func (b *book[V, P]) put(id ident.Session, v V) {
	if _, known := b.sessions[id]; !known {
		b.digest.sessions.add(id)
	}
	b.sessions[id] = v
}

func (b *book[V, P]) remove(id ident.Session) {
	if _, known := b.sessions[id]; known {
		b.digest.sessions.remove(id)
		delete(b.sessions, id)
	}
}

func (b *book[V, P]) putPair(id ident.Pair, p P) {
	if _, known := b.pairs[id]; !known {
		b.digest.pairs.add(id)
	}
	b.pairs[id] = p
}

func (b *book[V, P]) removePair(id ident.Pair) {
	if _, known := b.pairs[id]; known {
		b.digest.pairs.remove(id)
		delete(b.pairs, id)
	}
}
