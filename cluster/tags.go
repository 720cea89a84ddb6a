package cluster

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"

	"github.com/joingyd/joingyd/cluster/pool"
)

// tagSize is that of a tag that clients see, in bytes: enough to tell nodes apart.
const tagSize = 6

// tagger makes tags of one kind of thing. It is safe for concurrent use.
type tagger struct{ macs sync.Pool }

// newTagger returns the tagger of a kind of thing: the same thing has the same tag at each
// node with the key, and another as another kind.
func newTagger(key [32]byte, of string) *tagger {
	derived, err := hkdf.Key(sha256.New, key[:], nil, "joingyd cluster tag: "+of, sha256.Size)
	if err != nil {
		panic("cluster: " + err.Error()) // the sizes are ours: cannot happen
	}
	return &tagger{sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }}}
}

// LineKey is the key of what stands for lines that are said in many chats: the same at each
// node with the cluster's key.
func LineKey(key [32]byte) [32]byte { return newTagger(key, "line").sum(nil) }

func (t *tagger) sum(thing []byte) (sum [sha256.Size]byte) {
	mac := t.macs.Get().(hash.Hash)
	mac.Reset()
	mac.Write(thing)
	mac.Sum(sum[:0])
	t.macs.Put(mac)
	return sum
}

// tag returns what stands for a thing in the shared pool.
func (t *tagger) tag(thing []byte) pool.Tag {
	sum := t.sum(thing)
	return pool.Tag(sum[:len(pool.Tag{})])
}

// text returns what stands for a thing where clients see it.
func (t *tagger) text(thing string) string {
	sum := t.sum([]byte(thing))
	return base64.RawURLEncoding.EncodeToString(sum[:tagSize])
}

// tags are the taggers of what the shared pool is told of.
type tags struct{ sessions, interests, nodes *tagger }

func newTags(key [32]byte) tags {
	return tags{newTagger(key, "session"), newTagger(key, "interest"), newTagger(key, "node")}
}

// ticket is an offer as the shared pool has it.
func (t tags) ticket(o Offer) pool.Ticket {
	ticket := pool.Ticket{
		ID: pool.ID(o.ID), Session: t.sessions.tag(o.Session[:]), Mode: o.Mode, Languages: o.Languages,
		IDF: o.IDF, Worth: o.Asks, Patience: o.Patience, Since: o.Since, Relay: t.nodes.tag([]byte(o.Relay)),
		Recent: t.all(o.Recent), Avoid: t.all(o.Avoid),
	}
	for _, interest := range o.Interests {
		ticket.Interests = append(ticket.Interests, t.interests.tag([]byte(interest)))
	}
	return ticket
}

func (t tags) all(sessions [][16]byte) []pool.Tag {
	list := make([]pool.Tag, len(sessions))
	for i, s := range sessions {
		list[i] = t.sessions.tag(s[:])
	}
	return list
}
