package match

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/joingyd/joingyd/ident"
)

const maxReports = 4096 // kept

// ReportsKept is how long a report is kept in memory, at most.
const ReportsKept = 24 * time.Hour

// reportReasons are the reasons that a report may give.
var reportReasons = []string{"nudity", "minor", "violence", "harassment", "spam", "other"}

// ReportReasons lists every reason that Stats.Reports may count.
func ReportReasons() []string { return slices.Clone(reportReasons) }

// Report is what is kept of a report, in memory and for a day: enough to ban whom it
// is about, without anybody having seen an address. What the note says is not.
type Report struct {
	ID       string // 8 characters of a-z and 2-7; the reporter knows it
	Reason   string
	At       time.Time
	Reporter ident.Session
	Reported ident.Session
	Live     bool // whether the reported session goes on
}

// Suspect is how to find whom a report is about.
type Suspect struct {
	Addresses  []netip.Addr // that the session used, as long as it lives
	Pseudonyms []string     // of those, from then on: see Options.Pseudonym
}

// Complaint is a report with all that comes with it.
type Complaint struct {
	Report
	Note      string
	Lines     []Line       // of the chat, in order: delivered as they stand here, whoever shows them
	Reporters []netip.Addr // that the reporter's session used
	Suspect   Suspect
}

// trace is what is left of a session for who reports it later. What may need it
// shares it, and it is gone with the last of that.
type trace struct {
	pseudonyms []string // empty while the session lives; guarded by Hub.mu
}

// filed is a report in the ledger.
type filed struct {
	Report
	of *trace
}

// ledger keeps reports, the oldest first. The hub's lock guards it.
type ledger struct {
	reports   []filed
	forgotten uint64 // for want of room
}

// add keeps a report under an id of its own, which it returns.
func (l *ledger) add(r filed) string {
	r.ID = newReportID()
	for l.find(r.ID) != nil {
		r.ID = newReportID()
	}
	if len(l.reports) == maxReports {
		l.reports = slices.Delete(l.reports, 0, 1)
		l.forgotten++
	}
	l.reports = append(l.reports, r)
	return r.ID
}

// remove forgets a report that came to nothing.
func (l *ledger) remove(id string) {
	l.reports = slices.DeleteFunc(l.reports, func(r filed) bool { return r.ID == id })
}

// expire forgets the reports that were kept for long enough.
func (l *ledger) expire(now time.Time) {
	young := slices.IndexFunc(l.reports, func(r filed) bool { return now.Sub(r.At) < ReportsKept })
	if young < 0 {
		young = len(l.reports)
	}
	l.reports = slices.Delete(l.reports, 0, young)
}

// find returns the report with the id, nil if there is none.
func (l *ledger) find(id string) *filed {
	at := slices.IndexFunc(l.reports, func(r filed) bool { return r.ID == id })
	if at < 0 {
		return nil
	}
	return &l.reports[at]
}

func newReportID() string {
	var raw [5]byte
	rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

// Reports lists the reports of the last day that are kept, the oldest first.
func (h *Hub) Reports() []Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ledger.expire(h.opts.Now())
	list := make([]Report, len(h.ledger.reports))
	for i := range list {
		list[i] = h.reportLocked(&h.ledger.reports[i])
	}
	return list
}

// Report returns the report with this id and whom it is about, and whether it is
// kept.
func (h *Hub) Report(id string) (Report, Suspect, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ledger.expire(h.opts.Now())
	found := h.ledger.find(id)
	if found == nil {
		return Report{}, Suspect{}, false
	}
	return h.reportLocked(found), h.suspectOfLocked(found), true
}

func (h *Hub) suspectOfLocked(r *filed) Suspect {
	if s := h.sessions[r.Reported]; s != nil {
		return Suspect{Addresses: h.addrsLocked(s)}
	}
	return Suspect{Pseudonyms: slices.Clone(r.of.pseudonyms)}
}

func (h *Hub) reportLocked(r *filed) Report {
	report := r.Report
	report.At = r.At.UTC() // and without its monotonic reading, by which it expires
	report.Live = h.sessions[r.Reported] != nil
	return report
}

func (h *Hub) forgetReports() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ledger.expire(h.opts.Now())
}

// leaveTraceLocked puts pseudonyms in the place of the addresses of a session that
// ends, if somebody may still report it.
func (h *Hub) leaveTraceLocked(s *session) {
	if s.past == nil || h.opts.Pseudonym == nil || h.closed {
		return // it never chatted, or nobody asks any more
	}
	for _, addr := range h.addrsLocked(s) {
		if pseudonym := h.opts.Pseudonym(addr); !slices.Contains(s.trace.pseudonyms, pseudonym) {
			s.trace.pseudonyms = append(s.trace.pseudonyms, pseudonym)
		}
	}
}

// tooLate refuses what is said about a chat.
const tooLate = "that chat ended more than a minute ago, or was not yours"

// reportable returns the partner of a pair that s is in, or was in less than a minute ago,
// with its trace and the id of what s reported of it, "" if nothing. The id is nil if
// there is no such pair.
func (s *session) reportable(id ident.Pair, now time.Time) (partner ident.Session, of *trace, report *string) {
	switch {
	case s.pair != nil && s.pair.id == id:
		return s.partner().id, s.partner().trace, &s.pair.reports[s.pair.side(s)]
	case s.past != nil && s.past.pair == id && now.Before(s.past.until):
		return s.past.partner, s.past.of, &s.past.report
	}
	return partner, nil, nil
}

// handleBlock keeps the two apart from now on, and tells nobody else.
func (h *Hub) handleBlock(s *session, m clientMessage, now time.Time) {
	id, err := ident.ParsePair(m.Pair)
	if err != nil {
		h.refuseLocked(s, codeBadMessage, m.Type, "pair: must be the pair of `matched`")
		return
	}
	partner, _, report := s.reportable(id, now)
	if report == nil {
		h.refuseLocked(s, codeStalePair, m.Type, tooLate)
		return
	}
	s.block(partner)
	h.sendLocked(s, &blockedMessage{head{Type: "blocked"}, m.Pair})
}

// handleReport counts and keeps a report, once for each side of a pair, during the
// chat and for a minute after. The two do not meet again.
func (h *Hub) handleReport(s *session, m clientMessage, now time.Time) {
	id, err := ident.ParsePair(m.Pair)
	switch {
	case err != nil:
		h.refuseLocked(s, codeBadMessage, m.Type, "pair: must be the pair of `matched`")
		return
	case !slices.Contains(reportReasons, m.Reason):
		h.refuseLocked(s, codeBadMessage, m.Type, fmt.Sprintf("reason: must be one of %v", reportReasons))
		return
	case utf8.RuneCountInString(m.Note) > maxNote:
		h.refuseLocked(s, codeTooLarge, m.Type, fmt.Sprintf("note: longer than %d characters", maxNote))
		return
	}
	if err := checkShown(m.Lines); err != nil {
		h.refuseLocked(s, codeBadMessage, m.Type, err.Error())
		return
	}
	partner, of, before := s.reportable(id, now)
	if before == nil {
		h.refuseLocked(s, codeStalePair, m.Type, tooLate)
		return
	}
	if s.past != nil && s.past.pair == id && s.past.node != "" {
		h.reportAwayLocked(s, m)
		return
	}
	s.block(partner)
	if *before != "" {
		h.sendLocked(s, &reportedMessage{head{Type: "reported"}, m.Pair, *before, 0})
		return
	}
	var lines []Line
	if s.pair != nil && s.pair.id == id {
		lines = s.pair.said.all()
	}
	lines = merge(lines, h.provenLocked(id, s.id, partner, m.Lines))
	mark := func(report string) {
		if _, _, place := s.reportable(id, now); place != nil { // the chat may have ended
			*place = report
		}
	}
	c := Complaint{Report: Report{Reason: m.Reason, At: now, Reporter: s.id, Reported: partner}, Note: m.Note, Lines: lines, Reporters: h.addrsLocked(s)}
	report, err := h.fileLocked(c, of, s.logged(), mark)
	if err != nil {
		h.refuseLocked(s, codeUnavailable, m.Type, notKept)
		return
	}
	h.sendLocked(s, &reportedMessage{head{Type: "reported"}, m.Pair, report, len(lines)})
}

// notKept refuses a report that nobody would have heard of.
const notKept = "the report could not be kept; try again soon"

// fileLocked keeps a report, hands it over and counts it. The lock is given free
// meanwhile. mark takes note of its id, or "" if it comes to nothing.
func (h *Hub) fileLocked(c Complaint, of *trace, logged []any, mark func(id string)) (id string, err error) {
	f := filed{c.Report, of}
	f.ID = h.ledger.add(f)
	mark(f.ID)
	if err := h.complainLocked(c, f); err != nil {
		h.ledger.remove(f.ID)
		mark("")
		h.opts.Logger.Error("a report could not be kept", append(logged, "report", f.ID, "error", err)...)
		return "", err
	}
	h.reports[f.Reason]++
	h.countAgainstLocked(f.Reported)
	h.opts.Logger.Info("report", append(logged, "report", f.ID, "reason", f.Reason)...)
	return f.ID, nil
}

// complainLocked hands a report over. The lock is given free meanwhile.
func (h *Hub) complainLocked(c Complaint, f filed) error {
	if h.opts.Reported == nil {
		return nil
	}
	c.Report, c.Suspect = h.reportLocked(&f), h.suspectOfLocked(&f)
	h.mu.Unlock()
	defer h.mu.Lock()
	return h.opts.Reported(c)
}
