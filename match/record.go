package match

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
	"unique"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// recordVersion is that of the records that this hub writes. A hub of the version before or
// after reads them: fields that it does not know it leaves out, and those that are missing are
// zero.
const recordVersion = 1

// sessionRecord is all that there is of a session in no chat, for the hub that it moves to. Times
// are how long ago or how long from then: clocks differ.
type sessionRecord struct {
	Version  int           `json:"v"`
	Session  ident.Session `json:"session"`
	Epoch    uint32        `json:"epoch"`    // of its tunnel from then on
	Door     string        `json:"door"`     // the node with its socket
	Followed uint64        `json:"followed"` // number up to which the door's messages were followed
	Tag      string        `json:"tag"`      // what tokens of that door begin with
	Resume   []byte        `json:"resume"`   // hash of its token

	Last    uint64   `json:"last"`    // number of its youngest message
	Unacked [][]byte `json:"unacked"` // those that its client may not have, the youngest last

	Addr  netip.Addr   `json:"addr"`
	Port  uint16       `json:"port,omitempty"`
	Addrs []netip.Addr `json:"addrs"`
	Host  string       `json:"host"`

	Online  int           `json:"online"`
	Relay   string        `json:"relay,omitempty"` // for which its client has credentials; empty: none that it could use
	ICE     time.Duration `json:"ice"`             // until these end
	Age     time.Duration `json:"age"`
	Rested  time.Duration `json:"rested"`
	Reports uint32        `json:"reports,omitempty"`

	Languages []string        `json:"languages,omitempty"`
	Recent    []ident.Session `json:"recent,omitempty"`
	Blocked   []ident.Session `json:"blocked,omitempty"`

	Mode      pool.Mode       `json:"mode,omitempty"` // empty: it idles
	Interests []pool.Interest `json:"interests,omitempty"`
	Waited    time.Duration   `json:"waited"`

	Work   *workRecord `json:"work,omitempty"`
	Pass   []byte      `json:"pass,omitempty"` // hash of the one it showed
	Proved bool        `json:"proved,omitempty"`

	Messages float32 `json:"messages"` // tokens spent
	Finds    float32 `json:"finds"`
	Texts    float32 `json:"texts"`

	Past *pastRecord `json:"past,omitempty"`
}

// workRecord is work.
type workRecord struct {
	Rank int           `json:"rank,omitempty"`
	Salt string        `json:"salt,omitempty"`
	Bits int           `json:"bits,omitempty"`
	Open time.Duration `json:"open,omitempty"`
	Done int           `json:"done,omitempty"`
	Good time.Duration `json:"good,omitempty"`
}

// pastRecord is past: the hub that the chat was in has the rest.
type pastRecord struct {
	Pair    string        `json:"pair"`
	Partner ident.Session `json:"partner"`
	Node    string        `json:"node"`
	Left    time.Duration `json:"left"`
	Report  string        `json:"report,omitempty"`
}

func (r *sessionRecord) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic("match: " + err.Error()) // our own type: cannot happen
	}
	return data
}

// parseRecord reads what encode returned, here or at a hub of another version.
func parseRecord(data []byte) (*sessionRecord, error) {
	r := new(sessionRecord)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	bytes := 0
	for _, message := range r.Unacked {
		bytes += len(message)
	}
	var problem string
	switch {
	case r.Version < recordVersion-1 || r.Version > recordVersion+1:
		problem = fmt.Sprintf("version %d is not one apart from %d; upgrade the nodes one version after the other", r.Version, recordVersion)
	case r.Session.IsZero():
		problem = "session: is missing"
	case r.Door == "":
		problem = "door: is missing"
	case len(r.Resume) != sha256.Size:
		problem = "resume: is no hash"
	case len(r.Pass) != 0 && len(r.Pass) != sha256.Size:
		problem = "pass: is no hash"
	case len(r.Unacked) > maxUnacked || bytes > maxUnackedBytes || uint64(len(r.Unacked)) > r.Last:
		problem = "unacked: more than there can be"
	case !r.Addr.IsValid() || len(r.Addrs) == 0 || len(r.Addrs) > maxAddrs || slices.ContainsFunc(r.Addrs, func(a netip.Addr) bool { return !a.IsValid() }):
		problem = "addrs: must be 1 to 16 addresses"
	case len(r.Recent) > maxRecent || len(r.Blocked) > maxBlocked || len(r.Languages) > maxLanguages:
		problem = "recent, blocked, languages: more than there can be"
	case r.Mode != pool.Video && r.Mode != pool.Text && r.Mode != "":
		problem = "mode: must be video, text or empty"
	case r.Past != nil && !validPair(r.Past.Pair):
		problem = "past: names no pair"
	default:
		return r, r.checkInterests()
	}
	return nil, errors.New("record: " + problem)
}

// checkInterests folds the interests again: a node of another version may fold otherwise.
func (r *sessionRecord) checkInterests() (err error) {
	shown := make([]string, 0, len(r.Interests))
	for _, i := range r.Interests {
		shown = append(shown, i.Shown)
	}
	if r.Interests, err = pool.ParseInterests(shown); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

func validPair(text string) bool {
	_, err := ident.ParsePair(text)
	return err == nil
}

// recordOfLocked is what is to be said of a session in no chat.
func (h *Hub) recordOfLocked(s *session, epoch uint32) *sessionRecord {
	now := h.opts.Now()
	left := func(t time.Time) time.Duration { return max(0, t.Sub(now)) }
	r := &sessionRecord{
		Version: recordVersion, Session: s.id, Epoch: epoch, Door: h.others.self, Tag: s.link.prefix(), Resume: s.resume[:],
		Addr: s.addr, Port: s.port, Addrs: s.addrs, Host: s.host.Value(),
		Online: s.online, Relay: h.knownRelayLocked(s), ICE: left(s.iceExpires), Age: h.clock() - s.since, Rested: h.clock() - s.turned, Reports: s.reports,
		Languages: s.languages, Recent: s.recent, Blocked: s.blocked,
		Proved: s.proved, Messages: s.messages.missing(now), Finds: s.finds.missing(now), Texts: s.texts.missing(now),
	}
	if t := s.ticket; t != nil {
		r.Mode, r.Interests, r.Waited = t.Mode, t.Interests, max(0, now.Sub(t.Since))
	}
	r.Last, r.Unacked = s.out.all()
	if l, away := s.link.(*remote); away {
		r.Door, r.Followed = l.node, l.done
	}
	if w := s.work; w != nil {
		r.Work = &workRecord{w.rank, w.salt, w.bits, left(w.expires), w.done, left(w.until)}
	}
	if s.pass != nil {
		r.Pass = s.pass[:]
	}
	if p := s.past; p != nil && now.Before(p.until) {
		r.Past = &pastRecord{p.pair.String(), p.partner, p.node, left(p.until), p.report}
		if p.node == "" {
			r.Past.Node = h.others.self
		}
	}
	return r
}

// sessionOfLocked makes the session of a record, counted as one of its address. It is in no
// pool.
func (h *Hub) sessionOfLocked(r *sessionRecord) *session {
	now := h.opts.Now()
	s := newSession(r.Addr, r.Languages)
	s.id, s.addrs, s.port, s.host = r.Session, r.Addrs, r.Port, unique.Make(r.Host)
	s.resume, s.online, s.reports, s.sought, s.proved = resumeHash(r.Resume), r.Online, r.Reports, true, r.Proved
	s.iceExpires = now.Add(r.ICE)
	s.since, s.turned = h.clock()-r.Age, h.clock()-r.Rested
	s.recent, s.blocked = r.Recent, r.Blocked
	s.out.restore(r.Last, r.Unacked)
	s.messages.miss(r.Messages, now)
	s.finds.miss(r.Finds, now)
	s.texts.miss(r.Texts, now)
	h.countSessionLocked(s)
	s.work = nil
	if w := r.Work; w != nil {
		s.work = &work{w.Rank, w.Salt, w.Bits, now.Add(w.Open), w.Done, now.Add(w.Good)}
	}
	if len(r.Pass) > 0 {
		pass := passHash(r.Pass)
		s.pass = &pass
		h.passes.shown[pass]++
		h.heldChangedLocked(ofPass(pass))
	}
	if p := r.Past; p != nil {
		s.past = h.pastOfLocked(r.Session, p)
	}
	s.abroad = &abroad{epoch: r.Epoch}
	if r.Mode == "" {
		return s
	}
	s.ticket = &pool.Ticket{
		Session: s.id, Mode: r.Mode, Languages: s.languages, Interests: r.Interests, Since: now.Add(-r.Waited),
		Recent: s.recent, Avoid: s.blocked, Relay: h.relayMarkLocked(s),
	}
	h.pool.Adopt(s.ticket, now)
	return s
}

// pastOfLocked is the chat before of a session that has come: this hub may have had it.
func (h *Hub) pastOfLocked(id ident.Session, p *pastRecord) *past {
	pair, _ := ident.ParsePair(p.Pair)
	if p.Node == h.others.self {
		if d := h.others.left[id]; d != nil && d.past != nil && d.past.pair == pair {
			d.past.report = p.Report
			return d.past
		}
	}
	return &past{pair: pair, partner: p.Partner, of: new(trace), until: h.opts.Now().Add(p.Left), report: p.Report, node: p.Node}
}
