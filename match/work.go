package match

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"strconv"
	"time"
)

const (
	workAlgorithm = "SHA-256"
	leastWork     = 14 // bits: 16,384 hashes on the average
	mostWork      = leastWork + suspicionLevels - 1
	workExpires   = 2 * time.Minute  // a challenge is open for so long,
	workLasts     = 10 * time.Minute // and its answer good for so long
)

// work is what a session owes, or has done, before it is matched. Sessions that
// never had any to do have none.
type work struct {
	rank int // bits to do because of how many sessions its address had before it; 0: none

	salt    string // of the open challenge; empty: none is
	bits    int
	expires time.Time

	done  int       // bits of the last challenge answered,
	until time.Time // and until when that will do
}

// challengeOutcome is what became of a challenge.
type challengeOutcome string

const (
	challengeIssued   challengeOutcome = "issued"
	challengeAnswered challengeOutcome = "answered"
	challengeWrong    challengeOutcome = "wrong"
	challengeLate     challengeOutcome = "late"
)

// ChallengeOutcomes lists every outcome that Stats.Challenges may count.
func ChallengeOutcomes() []string {
	return []string{string(challengeIssued), string(challengeAnswered), string(challengeWrong), string(challengeLate)}
}

// workData is the data of a challenge of work: find a nonce with which the hash of
// salt and nonce, in decimal, starts with so many zero bits.
type workData struct {
	Algorithm string    `json:"algorithm"`
	Salt      string    `json:"salt"`
	Bits      int       `json:"bits"`
	Expires   time.Time `json:"expires"`
}

// workAnswer is the data of its answer.
type workAnswer struct {
	Salt  string `json:"salt"`
	Nonce uint64 `json:"nonce"`
}

// rankWork returns the work of a session whose address holds so many already:
// none up to limit, then a bit more with each limit.
func rankWork(held, limit int) *work {
	if held < limit {
		return nil
	}
	return &work{rank: min(leastWork+(held-limit)/max(limit, 1), mostWork)}
}

// owesWorkLocked reports whether the session must answer a challenge before it
// may search, and sends it that.
func (h *Hub) owesWorkLocked(s *session, now time.Time) bool {
	owed := 0
	if level := max(h.suspicionLocked(s.key, now), riskLevel(h.riskLocked(s))); level > 0 {
		owed = leastWork + level - 1
	}
	if s.work != nil {
		owed = max(owed, s.work.rank)
		if s.work.done >= owed && now.Before(s.work.until) {
			owed = 0
		}
	}
	if owed == 0 {
		return false
	}
	if s.work == nil {
		s.work = new(work)
	}
	if s.work.salt != "" && now.Before(s.work.expires) {
		h.sendLocked(s, s.work.challenge()) // again: the client may have lost it
	} else {
		h.challengeLocked(s, owed, now)
	}
	h.denied[deniedWork]++
	h.refuseLocked(s, codeChallengeRequired, "find", "answer the challenge first, then search again; a page of an older version must be reloaded")
	return true
}

// challengeLocked opens a challenge.
func (h *Hub) challengeLocked(s *session, bits int, now time.Time) {
	var salt [16]byte
	rand.Read(salt[:])
	w := s.work
	w.salt, w.bits, w.expires = base64.RawURLEncoding.EncodeToString(salt[:]), bits, now.Add(workExpires)
	h.challenges[challengeIssued]++
	h.sendLocked(s, w.challenge())
}

func (w *work) challenge() *challengeMessage {
	return &challengeMessage{head{Type: "challenge"}, "work", workData{workAlgorithm, w.salt, w.bits, w.expires.UTC()}}
}

// handleAnswer takes the answer to a challenge: a pass, or to the open one of work.
// Where that is wrong or late there is another.
func (h *Hub) handleAnswer(s *session, l link, m clientMessage, now time.Time) {
	if m.Kind == "age" && (h.opts.Age.Video || h.opts.Age.Text) {
		h.handlePass(s, l, m, now)
		return
	}
	var answer workAnswer
	switch err := json.Unmarshal(m.Data, &answer); {
	case m.Kind != "work":
		h.refuseLocked(s, codeBadMessage, m.Type, `kind: must be "work"`)
		return
	case err != nil || answer.Salt == "":
		h.refuseLocked(s, codeBadMessage, m.Type, "data: must be {salt, nonce}, the challenge's salt and a whole number")
		return
	}
	w := s.work
	switch {
	case w == nil || w.salt == "" || answer.Salt != w.salt:
		h.refuseLocked(s, codeChallengeFailed, m.Type, "that challenge is not open; search, and answer the one that comes")
	case !now.Before(w.expires):
		h.challenges[challengeLate]++
		h.challengeLocked(s, w.bits, now)
		h.refuseLocked(s, codeChallengeFailed, m.Type, "too late; answer the new challenge")
	case zeroBits(w.salt, answer.Nonce) < w.bits:
		h.challenges[challengeWrong]++
		h.suspectLocked(s.key, pointsWrong)
		h.challengeLocked(s, min(w.bits+1, mostWork), now)
		h.refuseLocked(s, codeChallengeFailed, m.Type, "wrong; answer the new challenge")
	default:
		h.challenges[challengeAnswered]++
		w.salt, w.done, w.until = "", w.bits, now.Add(workLasts)
	}
}

// zeroBits returns how many zero bits the hash of salt and nonce starts with, of
// the first 64.
func zeroBits(salt string, nonce uint64) int {
	hash := sha256.Sum256(strconv.AppendUint([]byte(salt), nonce, 10))
	return bits.LeadingZeros64(binary.BigEndian.Uint64(hash[:8]))
}
