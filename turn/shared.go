package turn

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"strconv"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/recent"
)

const (
	// provisionalLasts is how long a session lasts that nobody but its credentials has
	// told of.
	provisionalLasts = 10 * time.Second

	// maxDismissed is how many dismissed sessions are remembered, for as long as their
	// credentials could make them anew. Whoever was forgotten becomes provisional, at most.
	maxDismissed = 1 << 16
)

// Shared are the keys of credentials that others make for the Server, in the same form.
// Their user part is the session's identity, encrypted: so the Server knows whose they are
// before it hears of the session by Admit. Such a session is provisional: it may allocate,
// and talk to nobody but itself; it is dismissed after 10 s without Admit. Credentials of
// a session that was dismissed are worthless, until Admit.
type Shared struct {
	User   [32]byte // encrypts identities (AES-256, one block)
	Secret [32]byte // makes passwords
}

// Credentials makes those of a session for a Server with these keys.
func (k Shared) Credentials(session ident.Session, expires time.Time) Credentials {
	username := strconv.FormatInt(expires.Unix(), 10) + ":" + newShared(&k).seal(session)
	return Credentials{username, password(k.Secret[:], username), expires}
}

// shared is the state of Options.Shared. What has no effect without it may be called on
// nil.
type shared struct {
	block  cipher.Block
	secret [32]byte

	// Guarded by Server.mu:
	waiting   []provisional // in the order of their ends
	timer     *time.Timer   // of the first one; nil: there was none yet
	stopped   bool
	dismissed *recent.Map[ident.Session, bool] // those that are, by now
}

// provisional is a session that may be dismissed.
type provisional struct {
	*session
	until time.Duration // Server.instant
}

func newShared(keys *Shared) *shared {
	if keys == nil {
		return nil
	}
	block, err := aes.NewCipher(keys.User[:])
	if err != nil {
		panic("turn: " + err.Error()) // the size is ours: cannot happen
	}
	return &shared{block: block, secret: keys.Secret, dismissed: recent.New[ident.Session, bool](maxDismissed)}
}

// seal returns the user part of a session's usernames. An identity is one block of the
// cipher, and has all its bits at random.
func (k *shared) seal(id ident.Session) string {
	var sealed ident.Session
	k.block.Encrypt(sealed[:], id[:])
	return sealed.String()
}

// open returns whose user part it is. Of a text that nobody sealed that is anybody: the
// password tells.
func (k *shared) open(user string) (id ident.Session, ok bool) {
	sealed, err := ident.ParseSession(user)
	if err != nil {
		return id, false
	}
	k.block.Decrypt(id[:], sealed[:])
	return id, !id.IsZero()
}

// knowsLocked reports whether a user may have credentials under Shared.
func (k *shared) knowsLocked(user string) bool {
	if k == nil {
		return false
	}
	id, ok := k.open(user)
	if !ok {
		return false
	}
	dismissed := k.dismissed.Get(id)
	return dismissed == nil || !*dismissed
}

func (k *shared) admitLocked(id ident.Session) {
	if k == nil {
		return
	}
	if dismissed := k.dismissed.Get(id); dismissed != nil {
		*dismissed = false
	}
}

func (k *shared) dismissLocked(id ident.Session) {
	if k != nil {
		dismissed, _ := k.dismissed.Use(id)
		*dismissed = true
	}
}

func (k *shared) stopLocked() {
	if k == nil {
		return
	}
	k.stopped = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// sharedKey is the key of requests with this username under Shared.
func (s *Server) sharedKey(username string) []byte {
	return longTermKey(username, s.opts.Realm, password(s.shared.secret[:], username))
}

// provisionalLocked makes the session of a username, whose request was signed with key;
// nil if Shared has no such user.
func (s *Server) provisionalLocked(username string, key []byte) *session {
	_, user, timed := splitUsername(username)
	if !timed || !s.shared.knowsLocked(user) || !bytes.Equal(key, s.sharedKey(username)) {
		return nil
	}
	id, _ := s.shared.open(user)
	added := s.newSessionLocked(id)
	added.provisional = true
	k := s.shared
	k.waiting = append(k.waiting, provisional{added, s.instant() + provisionalLasts})
	if len(k.waiting) == 1 {
		s.wakeProvisionalLocked()
	}
	return added
}

// wakeProvisionalLocked sets the timer for the first that waits.
func (s *Server) wakeProvisionalLocked() {
	k := s.shared
	if len(k.waiting) == 0 || k.stopped {
		return
	}
	after := max(k.waiting[0].until-s.instant(), 0)
	if k.timer == nil {
		k.timer = time.AfterFunc(after, s.endProvisional)
		return
	}
	k.timer.Reset(after)
}

// endProvisional dismisses the sessions whom nobody has admitted in time.
func (s *Server) endProvisional() {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.shared
	now, due := s.instant(), 0
	for due < len(k.waiting) && k.waiting[due].until <= now {
		if p := k.waiting[due].session; p.provisional && s.sessions[p.id] == p {
			s.dismissLocked(p)
		}
		due++
	}
	clear(k.waiting[:due])
	k.waiting = k.waiting[due:]
	s.wakeProvisionalLocked()
}
