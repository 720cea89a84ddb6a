package match

import (
	"math"
	"net/netip"
	"time"
)

// An address earns points for what attackers do all the time and people hardly
// ever; they decay. Past a number of points its visitors have work to do before
// they are matched: more of it the more points there are.
const (
	suspicionHalfLife = 5 * time.Minute // in which half of the points go
	suspicious        = 32              // points at least, and a point for each session that an address may hold
	suspicionLevels   = 4               // each at twice the points of the one before
	mostPoints        = 16              // times suspicious: so that half an hour without any clears everybody

	pointsPaced    = 1   // past the pace of an address
	pointsDenied   = 1   // for sessions past the most, chatter
	pointsUnheard  = 0.5 // a socket that got no session
	pointsAimless  = 1   // a session that came and went without a search
	pointsReported = 8
	pointsMuted    = 8
	pointsWrong    = 4 // a challenge answered wrongly
)

// refusalPoints are those for a message that is refused. What crosses the end of
// a chat on its way is nobody's fault.
var refusalPoints = map[errorCode]float64{
	codeRateLimited: 1, codeBadMessage: 0.5, codeTooLarge: 0.5, codeMasked: 0.25, codeFiltered: 0.5,
}

// suspectLocked gives an address points: the fewer the more sessions it has, any
// of which may have earned them.
func (h *Hub) suspectLocked(key netip.Prefix, points float64) {
	if points == 0 || !key.IsValid() { // or nobody knows yet from where
		return
	}
	known := h.addresses.of(key, h.opts.Now())
	points /= float64(1 + h.holdsLocked(ofAddress(key))/8)
	known.points = min(known.points+points, mostPoints*h.suspiciousFrom())
	h.suspectedLocked(key, points)
}

// reportedLocked counts a report against the session, if it is there still.
func (h *Hub) reportedLocked(s *session) {
	if s != nil {
		s.reports++
		h.suspectLocked(s.key, pointsReported)
	}
}

// suspicionLocked returns how suspicious the address is: 0, not at all, to
// suspicionLevels.
func (h *Hub) suspicionLocked(key netip.Prefix, now time.Time) (level int) {
	for points := h.addresses.of(key, now).points; points >= h.suspiciousFrom() && level < suspicionLevels; points /= 2 {
		level++
	}
	return level
}

// riskLocked returns how much is held against a visitor by those who reported them, in
// this visit or an earlier one, at any hub: 0, nothing, to 1.
func (h *Hub) riskLocked(s *session) (risk float64) {
	if h.opts.Risk != nil {
		risk = h.opts.Risk(distinct(h.addrsLocked(s)))
	}
	_, elsewhere := h.elsewhereLocked(ofAddress(s.key))
	return min(1, risk+elsewhere)
}

// riskLevel returns how suspicious a risk makes: 0 below a half, suspicionLevels at 1.
func riskLevel(risk float64) int {
	if risk < 0.5 {
		return 0
	}
	return 1 + int((risk-0.5)*2*(suspicionLevels-1))
}

// suspiciousFrom returns the points of the first level.
func (h *Hub) suspiciousFrom() float64 {
	return float64(max(suspicious, h.live.Load().SessionsPerAddress))
}

// decayed returns what is left of points.
func decayed(points float64, passed time.Duration) float64 {
	return points * math.Exp2(-passed.Seconds()/suspicionHalfLife.Seconds())
}
