package turn

import (
	"bytes"
	"slices"
)

// An account is who may use the relay: a session that Admit made or that credentials
// name (Options.Shared), or in open mode also a static user or whoever has credentials
// under a shared secret. The latter two have a session of their own for as long as they
// hold allocations, so that everything else knows only sessions.

// keys returns the keys that a request of username may be signed with, of which
// one is right, and whether they allow no new allocations any more; none if there is
// no such user. A session's credentials were made by this server's even clock, those
// of other back ends by theirs, which all go by the wall time.
func (s *Server) keys(username string) (keys [][]byte, expired bool) {
	expires, user, timed := splitUsername(username)
	s.mu.RLock()
	known, secrets := timed && s.users[user] != nil, s.secrets
	shared := timed && s.shared.knowsLocked(user)
	s.mu.RUnlock()
	if shared {
		keys = append(keys, s.sharedKey(username))
	}
	if known {
		return append(keys, s.sessionKeys(secrets, username, expires)...), !expires.After(s.now())
	}
	if s.open == nil {
		return keys, !expires.After(s.now())
	}
	_, static := s.open.accounts.Load().users[username]
	return append(keys, s.accountKeys(username)...), !static && !expires.After(s.opts.Now())
}

// accountKeys is keys for those without a session of Admit.
func (s *Server) accountKeys(username string) (keys [][]byte) {
	accounts := s.open.accounts.Load()
	if secret, ok := accounts.users[username]; ok {
		return [][]byte{longTermKey(username, s.opts.Realm, secret)}
	}
	if _, _, timed := splitUsername(username); timed {
		for _, secret := range accounts.secrets {
			keys = append(keys, longTermKey(username, s.opts.Realm, password(secret, username)))
		}
	}
	return keys
}

// holderLocked returns the session behind username, or nil if it has none, yet.
func (s *Server) holderLocked(username string) *session {
	if _, user, ok := splitUsername(username); ok && s.users[user] != nil {
		return s.users[user]
	}
	return s.accounts[username]
}

// ownerLocked returns the session behind username, whose request was signed with
// key, for one more allocation; nil if there is no such user any more.
func (s *Server) ownerLocked(username string, key []byte) *session {
	if holder := s.holderLocked(username); holder != nil {
		return holder
	}
	if provisional := s.provisionalLocked(username, key); provisional != nil || s.open == nil {
		return provisional
	}
	if !slices.ContainsFunc(s.accountKeys(username), func(k []byte) bool { return bytes.Equal(k, key) }) {
		return nil
	}
	account := &session{user: username, relays: make(map[*relay]struct{})}
	account.self = &pair{a: account, b: account}
	s.accounts[username] = account
	return account
}

// forgetAccountLocked forgets an account that holds nothing any more.
func (s *Server) forgetAccountLocked(owner *session) {
	if len(owner.relays) == 0 && s.accounts[owner.user] == owner {
		delete(s.accounts, owner.user)
	}
}
