package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	linkTime = 5 * time.Minute // that a link is good for
	maxLinks = 100             // that wait to be used
)

var errLinks = errors.New("too many links wait to be used; each is forgotten after 5 minutes")

// digest is the SHA-256 of a secret. Only digests are kept.
type digest [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// newSecret returns 26 characters of which nobody guesses one in 2^128.
func newSecret() string { return rand.Text() }

// Links are the links to log in by that nobody has used yet. They are in memory only. It
// implements admin.Links.
type Links struct {
	origin string

	mu     sync.Mutex // guards what follows
	unused map[digest]link
}

type link struct {
	name  string
	until time.Time
}

// NewLinks returns no links yet, to the page at an origin.
func NewLinks(origin string) *Links {
	return &Links{origin: origin, unused: make(map[digest]link)}
}

// Make implements admin.Links. The secret is in the link's fragment, which browsers send
// to nobody and which no server or proxy on the way writes into its log.
func (l *Links) Make(name string) (url string, until time.Time, err error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, link := range l.unused {
		if !now.Before(link.until) {
			delete(l.unused, at)
		}
	}
	if len(l.unused) >= maxLinks {
		return "", time.Time{}, errLinks
	}
	secret := newSecret()
	until = now.Add(linkTime)
	l.unused[digestOf(secret)] = link{name, until}
	return l.origin + "/#login=" + secret, until.UTC().Truncate(time.Second), nil
}

// take uses a link up, and returns whom it is for.
func (l *Links) take(secret string) (name string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := digestOf(secret)
	found, ok := l.unused[at]
	delete(l.unused, at)
	if !ok || !time.Now().Before(found.until) {
		return "", false
	}
	return found.name, true
}
