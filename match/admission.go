package match

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// denial is why an upgrade, a question about a ban, a session or a search was not
// admitted.
type denial string

const (
	deniedOrigin      denial = "origin"       // 403
	deniedBan         denial = "banned"       // 403, 4503 after the upgrade, or error video_banned
	deniedUpgradeRate denial = "upgrade_rate" // 429
	deniedCheckRate   denial = "check_rate"   // 429 for /api/ban
	deniedSockets     denial = "sockets"      // 429: the address has too many
	deniedCapacity    denial = "capacity"     // 503, or 4429 after the upgrade: the site is full
	deniedSessionRate denial = "session_rate" // 4429
	deniedSessions    denial = "sessions"     // 4429: the address has too many
	deniedChatter     denial = "chatter"      // 4429: too many messages before the hello
	deniedFindRate    denial = "find_rate"    // error rate_limited: of the address
	deniedWork        denial = "work"         // error challenge_required
	deniedAge         denial = "age"          // error challenge_required
	deniedClosed      denial = "video_closed" // error video_closed: see Hub.CloseVideo

	deniedRedemptionRate denial = "redemption_rate" // 429 for /api/age
)

// Denials lists every reason that Stats.Denied may count.
func Denials() (reasons []string) {
	for _, d := range []denial{
		deniedOrigin, deniedBan, deniedUpgradeRate, deniedCheckRate, deniedSockets, deniedCapacity,
		deniedSessionRate, deniedSessions, deniedChatter, deniedFindRate, deniedWork, deniedAge, deniedClosed,
		deniedRedemptionRate,
	} {
		reasons = append(reasons, string(d))
	}
	return reasons
}

// Shares of the memory that the process may have, past which there are no more of them.
const (
	noSessions = 0.8
	noSockets  = 0.9
)

const (
	defaultSessions = 100_000
	minAddresses    = 1 << 14 // remembered
	minRetry        = 5       // seconds: so many at least is an address over its pace asked to wait
)

// pacesFor returns the pace of one address, which may hold so many sessions
// without further ado: a household or a school, or a carrier's NAT. All of them
// may lose their sockets at once and dial again, or come at once; and one visitor
// alone must not be slower than a session may be.
func pacesFor(sessions int) (paces [pacedKinds]pace) {
	n := float64(max(sessions, 8))
	paces[pacedUpgrades] = pace{rate: n / 15, burst: 4 * n}
	paces[pacedBanChecks] = paces[pacedUpgrades] // a page asks after an upgrade that failed
	paces[pacedSessions] = pace{rate: n / 30, burst: 2 * n}
	paces[pacedFinds] = pace{rate: n / 2, burst: 4 * n}
	paces[pacedRedemptions] = pace{rate: n / 60, burst: n}
	return paces
}

// admit decides whether a request may become a socket, and answers it if not.
func (h *Hub) admit(w http.ResponseWriter, r *http.Request, addr netip.Addr) bool {
	if wait := h.upgradeWait(addr); wait > 0 {
		w.Header().Set("Retry-After", seconds(wait))
		http.Error(w, "too many connections of this address in a short time", http.StatusTooManyRequests)
		return false
	}
	if !h.originAllowed(r) {
		h.deny(deniedOrigin)
		http.Error(w, "this page's origin may not open the WebSocket; the operator can allow it with http.allow_origins", http.StatusForbidden)
		return false
	}
	if ban, banned := h.opts.Banned(addr, UseSite); banned {
		h.deny(deniedBan)
		refuseBanned(w, ban, h.opts.Appeal)
		return false
	}
	return true
}

// upgradeWait returns how long the address must wait before another upgrade; 0 if
// this one is all right.
func (h *Hub) upgradeWait(addr netip.Addr) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.paceLocked(addressKey(addr), pacedUpgrades, deniedUpgradeRate)
}

// BanCheckWait returns how long an address must wait before it may ask whether it is
// banned; 0 if it may now, which counts. It goes at the pace of upgrades.
func (h *Hub) BanCheckWait(addr netip.Addr) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if wait := h.paceLocked(addressKey(addr), pacedBanChecks, deniedCheckRate); wait > 0 {
		return max(wait, minRetry*time.Second)
	}
	return 0
}

// admitSessionLocked decides whether there may be one session more, and counts
// it. Where not, it returns how long the visitor should wait.
func (h *Hub) admitSessionLocked(s *session) (wait time.Duration) {
	if wait := h.crowdedLocked(s.key); wait > 0 {
		return wait
	}
	if wait := h.paceLocked(s.key, pacedSessions, deniedSessionRate); wait > 0 {
		return wait
	}
	h.countSessionLocked(s)
	return 0
}

// crowdedLocked returns how long a visitor of this address should wait because there are
// too many sessions; 0 if there are not.
func (h *Hub) crowdedLocked(key netip.Prefix) (wait time.Duration) {
	switch {
	case len(h.sessions) >= h.live.Load().Sessions, h.opts.Pressure() >= noSessions:
		h.denied[deniedCapacity]++
		return tooManyWait
	case h.holdsLocked(ofAddress(key)) >= h.live.Load().SessionsPerAddressMax:
		if h.perAddress[key] < h.live.Load().SessionsPerAddressMax {
			h.refusedLocked(commonSessions)
		}
		h.denied[deniedSessions]++
		h.suspectLocked(key, pointsDenied)
		return tooManyWait
	}
	return 0
}

// countSessionLocked counts the session as one of its address.
func (h *Hub) countSessionLocked(s *session) {
	s.work = rankWork(h.holdsLocked(ofAddress(s.key)), h.live.Load().SessionsPerAddress)
	h.perAddress[s.key]++
	h.heldChangedLocked(ofAddress(s.key))
}

// uncountSessionLocked undoes countSessionLocked.
func (h *Hub) uncountSessionLocked(s *session) {
	if h.perAddress[s.key]--; h.perAddress[s.key] == 0 {
		delete(h.perAddress, s.key)
	}
	h.heldChangedLocked(ofAddress(s.key))
}

// mayFindLocked decides whether the session may search, and tells it if not.
func (h *Hub) mayFindLocked(s *session, now time.Time) bool {
	switch {
	case !s.finds.take(now):
		h.refuseLocked(s, codeRateLimited, "find", "too many searches; wait a second")
	case h.paceLocked(s.key, pacedFinds, deniedFindRate) > 0:
		h.refuseLocked(s, codeRateLimited, "find", "too many searches of this address; wait a few seconds")
	default:
		s.sought = true
		return !h.owesWorkLocked(s, now)
	}
	return false
}

// paceLocked returns how long the address must wait to go on at its pace; 0 if it
// need not.
func (h *Hub) paceLocked(key netip.Prefix, kind paced, reason denial) time.Duration {
	wait := h.addresses.take(key, kind, h.opts.Now())
	if wait == 0 {
		h.spentLocked(key, kind)
		return 0
	}
	if h.addresses.known.Get(key).shared&(1<<kind) != 0 {
		h.refusedLocked(commonPaces)
	}
	h.denied[reason]++
	h.suspectLocked(key, pointsPaced)
	return wait
}

func (h *Hub) deny(reason denial) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied[reason]++
}

// denyChatter counts an address that sends more before its hello than it takes.
func (h *Hub) denyChatter(addr netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied[deniedChatter]++
	h.suspectLocked(addressKey(addr), pointsDenied)
}

func (h *Hub) forgetAddresses() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addresses.sweep(h.opts.Now())
}

// seconds writes a wait as Retry-After and the reason of 4429 have it.
func seconds(wait time.Duration) string {
	return strconv.Itoa(max(minRetry, int(math.Ceil(wait.Seconds()))))
}
