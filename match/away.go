package match

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/ident"
)

// reportWait is how long another hub has to say what became of a report.
const reportWait = 5 * time.Second

// awayReport is a report of a chat that was in another hub, which has what it needs: the
// lines' proofs, and what is left of the reported.
type awayReport struct {
	Reason    string       `json:"reason"`
	Note      string       `json:"note,omitempty"`
	Lines     []shownLine  `json:"lines,omitempty"`
	Reporters []netip.Addr `json:"reporters"`
}

// reportAwayLocked passes a report on to the hub that the chat was in. It answers later.
func (h *Hub) reportAwayLocked(s *session, m clientMessage) {
	p := s.past
	s.block(p.partner)
	if p.report != "" {
		h.sendLocked(s, &reportedMessage{head{Type: "reported"}, m.Pair, p.report, 0})
		return
	}
	data, err := json.Marshal(awayReport{m.Reason, m.Note, m.Lines, h.addrsLocked(s)})
	if err != nil || len(data) > MaxFrame-1<<10 {
		h.refuseLocked(s, codeTooLarge, m.Type, "lines: too long in all")
		return
	}
	h.sendFrameLocked(p.node, &frame{Kind: frameReport, Session: s.id, Pair: m.Pair, data: data})
	if p.late != nil {
		p.late.Stop()
	}
	p.late = time.AfterFunc(reportWait, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if p.late != nil {
			p.late = nil
			h.refuseLocked(s, codeUnavailable, "report", notKept)
		}
	})
}

// onReportLocked files a report of a session that has moved, or passes on one.
func (h *Hub) onReportLocked(node string, f *frame) {
	pair, err := ident.ParsePair(f.Pair)
	var r awayReport
	if err != nil || json.Unmarshal(f.data, &r) != nil || checkShown(r.Lines) != nil {
		h.others.stats.Unusable++
		return
	}
	answer := &frame{Kind: frameReported, Session: f.Session, Pair: f.Pair}
	d := h.others.left[f.Session]
	if d == nil || d.past == nil || d.past.pair != pair || !h.opts.Now().Before(d.past.until) || d.past.of == nil {
		answer.Code = 1
		h.sendFrameLocked(node, answer)
		return
	}
	if d.past.report != "" {
		answer.Report = d.past.report
		h.sendFrameLocked(node, answer)
		return
	}
	h.sockets.Go(func() { // it may block
		h.mu.Lock()
		defer h.mu.Unlock()
		lines := merge(nil, h.provenLocked(pair, f.Session, d.past.partner, r.Lines))
		c := Complaint{Report: Report{Reason: r.Reason, At: h.opts.Now(), Reporter: f.Session, Reported: d.past.partner}, Note: r.Note, Lines: lines, Reporters: r.Reporters}
		report, err := h.fileLocked(c, d.past.of, nil, func(id string) { d.past.report = id })
		if answer.Code = 2; err == nil {
			answer.Code, answer.Report, answer.Lines = 0, report, len(lines)
		}
		h.sendFrameLocked(node, answer)
	})
}

// onReportedLocked tells a reporter what became of a report.
func (h *Hub) onReportedLocked(f *frame) {
	s := h.sessions[f.Session]
	if s == nil {
		if d := h.others.left[f.Session]; d != nil {
			h.sendFrameLocked(d.to, f)
		}
		return
	}
	p := s.past
	if p == nil || p.pair.String() != f.Pair {
		return
	}
	if p.late != nil {
		p.late.Stop()
		p.late = nil
	}
	switch f.Code {
	case 0:
		p.report = f.Report
		h.sendLocked(s, &reportedMessage{head{Type: "reported"}, f.Pair, f.Report, f.Lines})
	case 1:
		h.refuseLocked(s, codeStalePair, "report", tooLate)
	default:
		h.refuseLocked(s, codeUnavailable, "report", notKept)
	}
}

// countAgainstLocked counts a report against a session, wherever it is.
func (h *Hub) countAgainstLocked(id ident.Session) {
	if s := h.sessions[id]; s != nil || h.others == nil {
		h.reportedLocked(s)
		return
	}
	if d := h.others.left[id]; d != nil {
		h.sendFrameLocked(d.to, &frame{Kind: frameAgainst, Session: id})
	}
}

func (h *Hub) onAgainstLocked(f *frame) { h.countAgainstLocked(f.Session) }
