package match

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"slices"
	"time"
	"unique"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

const (
	maxAddrs     = 16               // addresses remembered of one session, each of another /64 or IPv4
	maxBlocked   = 100              // partners that one session may block or report
	maxRecent    = 20               // partners that it does not meet again soon
	reportWindow = 60 * time.Second // after the end of a chat
)

// resumeHash is what is kept of a resume token: enough to know it again, and to seal what
// is handed over with it.
type resumeHash [sha256.Size]byte

// session is one visitor. Its fields are guarded by Hub.mu, but for out, which
// has a lock of its own, and id, which never changes.
type session struct {
	id  ident.Session
	out outbox

	link   link        // nil while the visitor has none
	grace  *time.Timer // ends the session then
	resume resumeHash
	addr   netip.Addr   // that its last socket came from
	port   uint16       // the same
	addrs  []netip.Addr // that its sockets came from: see cameFrom
	key    netip.Prefix // its place in Hub.perAddress

	host       unique.Handle[string] // as the client asked for it, for the relay's URLs
	iceExpires time.Time
	online     int // the count that the client was told last

	since   time.Duration // when it began, on the hub's clock
	turned  time.Duration // when it last had nothing to do any more, or lost its socket
	reports uint32        // against it, one a chat at most

	languages []string        // that the visitor speaks
	recent    []ident.Session // the last partners
	ticket    *pool.Ticket    // not nil while the visitor waits for a partner
	pair      *pair           // not nil in a chat
	past      *past           // the chat before; nil: there was none
	trace     *trace          // for reports of it
	blocked   []ident.Session

	work   *work     // nil: never had any to do
	pass   *passHash // that it showed; nil: none
	proved bool      // showed one to the hub before
	sought bool      // sent a find, ever

	abroad *abroad // what it has to do with other hubs; nil: there are none

	messages bucket // any message
	finds    bucket
	texts    bucket
}

// logged is what the log has of the session in lines about it: the name of the request
// that its socket came by.
func (s *session) logged() []any {
	if s.link == nil || s.link.from().name == "" {
		return nil
	}
	return []any{"request_id", s.link.from().name}
}

// pair is one chat.
type pair struct {
	id      ident.Pair
	mode    pool.Mode
	since   time.Duration // on the hub's clock
	a, b    *session
	typists [2]typist // a, b
	spoke   [2]bool   // a, b had a line delivered
	reports [2]string // ids of what a, b reported of the other; empty: nothing
	said    said
	stills  [2]*time.Timer // when a still of a's, b's picture is asked for next; nil: never

	// descriptions of a, b. They are the pair's: an answer is owed for every offer,
	// and a partner must not use up what the next call needs.
	descriptions [2]bucket
}

func newPair(mode pool.Mode, since time.Duration, a, b *session) *pair {
	descriptions := bucket{rate: 0.5, burst: 8} // see keptMessages
	return &pair{id: ident.NewPair(), mode: mode, since: since, a: a, b: b, descriptions: [2]bucket{descriptions, descriptions}}
}

// side returns 0 for a and 1 for b.
func (p *pair) side(s *session) int {
	if p.a == s {
		return 0
	}
	return 1
}

// past is what a report after the end needs.
type past struct {
	pair    ident.Pair
	partner ident.Session
	of      *trace // the partner's
	until   time.Time
	report  string // id of the one there was; empty: none

	node string      // the hub that has the rest; empty: this one
	late *time.Timer // runs while that is asked to file a report
}

func newSession(addr netip.Addr, languages []string) *session {
	return &session{
		id:        ident.NewSession(),
		addr:      addr,
		addrs:     []netip.Addr{addr},
		key:       addressKey(addr),
		languages: languages,
		trace:     new(trace),
		messages:  bucket{rate: 40, burst: 200}, // a call starts with dozens of candidates
		finds:     bucket{rate: 1, burst: 12},
		texts:     bucket{rate: 2, burst: 10},
	}
}

// pairName is the chat's, or that of the chat before; empty if there was none.
func (s *session) pairName() string {
	switch {
	case s.pair != nil:
		return s.pair.id.String()
	case s.past != nil:
		return s.past.pair.String()
	}
	return ""
}

// partner returns the other side of the chat, or nil.
func (s *session) partner() *session {
	switch {
	case s.pair == nil:
		return nil
	case s.pair.a == s:
		return s.pair.b
	default:
		return s.pair.a
	}
}

// cameFrom remembers one more address of the visitor. Of those that count as one it
// keeps the newest: a /64 has more than could be remembered. The first of all stays
// while the others are forgotten, the oldest first.
func (s *session) cameFrom(addr netip.Addr) {
	s.addr = addr
	key := addressKey(addr)
	at := slices.IndexFunc(s.addrs, func(a netip.Addr) bool { return addressKey(a) == key })
	switch {
	case at == 0:
		s.addrs[0] = addr
		return
	case at > 0:
		s.addrs = slices.Delete(s.addrs, at, at+1)
	case len(s.addrs) == maxAddrs:
		s.addrs = slices.Delete(s.addrs, 1, 2)
	}
	s.addrs = append(s.addrs, addr)
}

// block keeps the partner away for as long as both sessions live.
func (s *session) block(partner ident.Session) {
	if slices.Contains(s.blocked, partner) {
		return
	}
	if len(s.blocked) == maxBlocked {
		s.blocked = s.blocked[1:]
	}
	s.blocked = append(slices.Clip(s.blocked), partner) // a ticket may hold the old slice
	if s.ticket != nil {
		s.ticket.Avoid = s.blocked // it waits already
	}
}

// met remembers a partner.
func (s *session) met(partner ident.Session) {
	if len(s.recent) == maxRecent {
		s.recent = s.recent[1:]
	}
	s.recent = append(slices.Clip(s.recent), partner) // a ticket may hold the old slice
}

// newResumeToken returns a token of 256 bits and the hash to know it by. With a tag, which
// has no dot, it begins with that and a dot.
func newResumeToken(tag string) (string, resumeHash) {
	var raw [32]byte
	rand.Read(raw[:])
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	if tag != "" {
		token = tag + "." + token
	}
	return token, sha256.Sum256([]byte(token))
}

// distinct returns the first of those addresses that count as one.
func distinct(addrs []netip.Addr) (list []netip.Addr) {
	for _, addr := range addrs {
		key := addressKey(addr)
		if !slices.ContainsFunc(list, func(a netip.Addr) bool { return addressKey(a) == key }) {
			list = append(list, addr)
		}
	}
	return list
}

// addressKey is what counts as one address: an IPv4 address or an IPv6 /64.
func addressKey(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}
