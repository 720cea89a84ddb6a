package desk

import (
	"sync"
	"time"
)

const (
	idleTime    = 30 * time.Minute // without anything that a person does
	longestTime = 8 * time.Hour    // of a session
	maxSessions = 256
	maxOwn      = 4 // sessions of one person
)

// How somebody logged in.
const (
	byLink  = "link"
	byProxy = "proxy"
)

// session is one person at one browser.
type session struct {
	id    digest
	name  string
	how   string
	begun time.Time
	used  time.Time // last, by the person
	open  string    // the case that they look at; "": none
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.used) >= idleTime || now.Sub(s.begun) >= longestTime
}

// sessions are those that are not over. They are in memory only.
type sessions struct {
	mu   sync.Mutex // guards what follows
	byID map[digest]*session
}

func newSessions() *sessions { return &sessions{byID: make(map[digest]*session)} }

// begin starts a session and returns its secret. Whose session was used least goes where
// one person has too many; where all have, ok is false.
func (s *sessions) begin(name, how string) (secret string, ok bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	own, oldest := 0, (*session)(nil)
	for id, one := range s.byID {
		switch {
		case one.over(now):
			delete(s.byID, id)
		case one.name == name:
			own++
			if oldest == nil || one.used.Before(oldest.used) {
				oldest = one
			}
		}
	}
	if own >= maxOwn {
		delete(s.byID, oldest.id)
	}
	if len(s.byID) >= maxSessions {
		return "", false
	}
	secret = newSecret()
	id := digestOf(secret)
	s.byID[id] = &session{id: id, name: name, how: how, begun: now, used: now}
	return secret, true
}

// find returns a copy of the session with a secret. With use, the person did something.
func (s *sessions) find(secret string, use bool) (session, bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	id := digestOf(secret)
	one, ok := s.byID[id]
	if !ok {
		return session{}, false
	}
	if one.over(now) {
		delete(s.byID, id)
		return session{}, false
	}
	if use {
		one.used = now
	}
	return *one, true
}

// turn notes that a session looks at another case, "" for none, and returns the one
// before.
func (s *sessions) turn(id digest, to string) (from string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.byID[id]
	if !ok {
		return ""
	}
	from, one.open = one.open, to
	return from
}

// end ends a session.
func (s *sessions) end(id digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}
