package match

import (
	"net/netip"
	"time"
)

const (
	settleTime = 50 * time.Millisecond // for an answer
	settleMost = 256                   // tallies at once
	laterEvery = time.Second           // between those that are in no hurry
	quietTime  = time.Second           // that nobody is made to wait after an answer that did not come

	soonShare  = 1. / 8  // of an allowance, spent: told at once;
	laterShare = 1. / 16 // told at the next opportunity. Less, of whom there are sessions, with what else there is to tell

	roundTime  = 300 // seconds in which all that have sessions are told again,
	hasteRound = 30  // and after all was forgotten
)

// holder is whose an account is: an address, a pass, or something that is said.
type holder struct {
	kind holderKind
	addr netip.Prefix
	hash [32]byte
}

type holderKind byte

const (
	anAddress holderKind = iota + 1
	aPass
	aLine
)

func ofAddress(key netip.Prefix) holder { return holder{kind: anAddress, addr: key} }

func ofPass(hash passHash) holder { return holder{kind: aPass, hash: hash} }

// text names the holder, as all hubs do.
func (o holder) text() string {
	switch o.kind {
	case aPass:
		return "pass " + string(o.hash[:])
	case aLine:
		return "line " + string(o.hash[:])
	}
	return "address " + o.addr.String()
}

// account is what a hub has to tell of a holder, and what it was told. Sessions are those of
// Hub.perAddress and passes.shown.
type account struct {
	told      int           // sessions, as far as the others know; or unknown
	wanted    int           // that wait for an answer
	at        time.Duration // when it was last told, on the hub's clock
	elsewhere int           // at other hubs
	risk      float32       // that others see

	// Since it was last told:
	spent    [pacedKinds]float32
	points   float32
	strikes  int // or chats in which a line was said
	pardoned bool

	most  int             // chats that matter of a line
	since []time.Duration // how long ago it was said in each, as the last answer has it

	queued   urgency
	answered chan struct{} // closed when what is told next is answered; nil: nobody waits
}

// unknown is for sessions that were told, and of which there was no answer.
const unknown = -1

// urgency is how soon something is to be told.
type urgency int

const (
	never urgency = iota
	later         // within laterEvery
	soon
)

// accounts are those of a hub that is not alone. The hub's lock guards them.
type accounts struct {
	with    Accounts
	known   map[holder]*account
	queues  [soon + 1][]holder // by urgency
	wake    chan struct{}      // something is soon
	over    bool               // nothing is told any more
	ready   bool               // when last looked
	quiet   time.Time          // until when nobody waits
	round   []holder           // those with sessions that are still to be told again,
	each    int                // so many at a time;
	next    time.Time          // when the round after this is
	lost    time.Duration      // when all that was told before was known to be forgotten, on the hub's clock
	dropped uint64
	refused map[string]uint64
}

func newAccounts(with Accounts) *accounts {
	if with == nil {
		return nil
	}
	a := &accounts{with: with, known: make(map[holder]*account), wake: make(chan struct{}, 1), refused: make(map[string]uint64)}
	for _, what := range Commons() {
		a.refused[what] = 0
	}
	return a
}

// accountLocked returns an account, nil if there is nobody to tell or no room.
func (h *Hub) accountLocked(o holder) *account {
	as := h.accounts
	if as == nil || as.over {
		return nil
	}
	if a := as.known[o]; a != nil {
		return a
	}
	if !as.with.Ready() {
		return nil
	}
	if len(as.known) >= minAddresses+2*h.live.Load().Sessions {
		as.dropped++
		return nil
	}
	a := new(account)
	as.known[o] = a
	return a
}

// heldLocked returns the sessions that the holder has at this hub.
func (h *Hub) heldLocked(o holder) int {
	switch o.kind {
	case anAddress:
		return h.perAddress[o.addr]
	case aPass:
		return h.passes.shown[o.hash]
	}
	return 0
}

// elsewhereLocked returns the sessions that the holder has at other hubs, and the risk that those
// see, as far as is known. While they cannot be asked it is none: their word may be old.
func (h *Hub) elsewhereLocked(o holder) (sessions int, risk float64) {
	if as := h.accounts; as != nil {
		if a := as.known[o]; a != nil && as.with.Ready() {
			return a.elsewhere, float64(a.risk)
		}
	}
	return 0, 0
}

// holdsLocked returns the sessions that the holder has at all hubs, as far as is known.
func (h *Hub) holdsLocked(o holder) int {
	elsewhere, _ := h.elsewhereLocked(o)
	return h.heldLocked(o) + elsewhere
}

// heldChangedLocked is for a session more or less.
func (h *Hub) heldChangedLocked(o holder) {
	if h.accounts == nil || o == ofAddress(netip.Prefix{}) { // or nobody knows yet from where
		return
	}
	if a := h.accountLocked(o); a != nil {
		h.tellLocked(o, a)
	}
}

// spentLocked notes that the address took a token.
func (h *Hub) spentLocked(key netip.Prefix, kind paced) {
	if a := h.accountLocked(ofAddress(key)); a != nil {
		a.spent[kind]++
		h.tellLocked(ofAddress(key), a)
	}
}

// suspectedLocked notes that the address got points.
func (h *Hub) suspectedLocked(key netip.Prefix, points float64) {
	if a := h.accountLocked(ofAddress(key)); a != nil {
		a.points += float32(points)
		h.tellLocked(ofAddress(key), a)
	}
}

// struckLocked notes a strike of the filter. One that brought a ban ends the matter.
func (h *Hub) struckLocked(key netip.Prefix, banned bool) {
	a := h.accountLocked(ofAddress(key))
	switch {
	case a == nil:
		return
	case banned:
		a.strikes, a.pardoned = 0, true
	default:
		a.strikes++
	}
	h.tellLocked(ofAddress(key), a)
}

// refusedLocked counts what was refused because of what was done at other hubs.
func (h *Hub) refusedLocked(what string) {
	if h.accounts != nil {
		h.accounts.refused[what]++
	}
}

// tellLocked has the account told as soon as there is need.
func (h *Hub) tellLocked(o holder, a *account) {
	h.queueLocked(o, a, h.urgencyLocked(o, a))
}

func (h *Hub) queueLocked(o holder, a *account, when urgency) {
	if when <= a.queued {
		return
	}
	as := h.accounts
	a.queued = when
	as.queues[when] = append(as.queues[when], o)
	if when == soon {
		select {
		case as.wake <- struct{}{}:
		default:
		}
	}
}

// urgencyLocked returns how soon the account is to be told.
func (h *Hub) urgencyLocked(o holder, a *account) urgency {
	if a.strikes > 0 || a.pardoned || a.answered != nil {
		return soon
	}
	most := float64(a.points) / h.suspiciousFrom()
	for kind, spent := range a.spent {
		most = max(most, float64(spent)/h.addresses.paces[kind].burst)
	}
	held := h.heldLocked(o)
	switch {
	case most >= soonShare:
		return soon
	case held != a.told, most >= laterShare, held == 0 && most > 0:
		return later
	}
	return never
}

// enquireLocked has an account told at once. The channel that it returns is closed when the others
// have answered, or will not. It returns nil if there is no use.
func (h *Hub) enquireLocked(o holder) (*account, <-chan struct{}) {
	as := h.accounts
	if as == nil || as.over || !as.with.Ready() || h.opts.Now().Before(as.quiet) {
		return nil, nil
	}
	a := h.accountLocked(o)
	if a == nil {
		return nil, nil
	}
	if a.answered == nil {
		a.answered = make(chan struct{})
	}
	h.tellLocked(o, a)
	return a, a.answered
}

// wantLocked asks the other hubs whether there may be a session more, as enquireLocked does. When
// that is known, call wantedLocked.
func (h *Hub) wantLocked(o holder) <-chan struct{} {
	a, answer := h.enquireLocked(o)
	if a != nil {
		a.wanted++
	}
	return answer
}

// wantedLocked ends what wantLocked began.
func (h *Hub) wantedLocked(o holder) {
	if a := h.accounts.known[o]; a != nil {
		a.wanted--
		h.tellLocked(o, a)
	}
}
