package match

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"unique"

	"github.com/joingyd/joingyd/ident"
)

// frame is what hubs tell each other: a head of JSON, whose unknown fields are ignored, a
// line feed, and data. A kind that a hub does not know it ignores, so that those of two
// versions get on.
type frame struct {
	Kind    frameKind     `json:"k"`
	Session ident.Session `json:"s,omitzero"`
	Epoch   uint32        `json:"e,omitempty"`
	Seq     uint64        `json:"n,omitempty"` // number of the message in data, or of the last one
	Ack     uint64        `json:"a,omitempty"` // number up to which the other direction has come

	Node   string  `json:"node,omitempty"`   // another one
	Next   uint32  `json:"next,omitempty"`   // the epoch there
	Code   int     `json:"code,omitempty"`   // of a close
	Reason string  `json:"reason,omitempty"` // the same
	Last   bool    `json:"last,omitempty"`   // nothing after Seq is to be written
	Bye    bool    `json:"bye,omitempty"`    // the client said goodbye
	Banned bool    `json:"banned,omitempty"` // the door's ban ended the socket
	Offer  OfferID `json:"offer,omitzero"`   // of the one who asks
	Theirs OfferID `json:"theirs,omitzero"`  // of the one who is asked

	Request uint64  `json:"req,omitempty"` // that is answered
	Hash    []byte  `json:"hash,omitempty"`
	Tag     string  `json:"tag,omitempty"`
	From    *whence `json:"from,omitempty"`
	Policy  string  `json:"policy,omitempty"` // that the visitor, an adult, has agreed to; in an answer, is to

	Languages []string `json:"languages,omitempty"`
	Visitor   Kind     `json:"kind,omitempty"`

	Pair   string `json:"pair,omitempty"`
	Report string `json:"report,omitempty"`
	Lines  int    `json:"lines,omitempty"`

	data []byte
}

// frameKind says what a frame is. The first letter is of who sends it: d, a door; h, a
// home; m, a hub in a move; r, a hub in a resume or a report; b, any.
type frameKind string

const (
	frameBeat frameKind = "b" // I am here

	frameAttach frameKind = "da" // I am the door, and have the messages up to Seq
	frameUp     frameKind = "du" // the client said this
	frameAck    frameKind = "dk" // the client has the messages up to Seq
	frameGone   frameKind = "dg" // the socket is gone

	frameDown    frameKind = "hd" // tell the client this
	frameGot     frameKind = "hg" // I have followed what the client said up to Ack
	frameAgain   frameKind = "ha" // the same, and attach again
	framePing    frameKind = "hp" // ping the client
	frameShut    frameKind = "hs" // close the socket
	frameRehome  frameKind = "hr" // the home is Node from now on, with the epoch Next
	frameUnknown frameKind = "hu" // there is no such session

	framePropose frameKind = "mp" // my Offer for yours, Theirs
	frameAccept  frameKind = "ma" // here is its record, for Offer
	frameRefuse  frameKind = "mr" // not that one any more
	frameTaken   frameKind = "mt" // I have the record: the session is mine, if you still want that
	frameDrop    frameKind = "md" // forget the record
	frameGive    frameKind = "mg" // here is the record of a session: take it, for I am drained
	frameVoid    frameKind = "mv" // Theirs was found for nothing: offer it again

	frameResume   frameKind = "rs" // a client has a token of this Hash: is its session with you?
	frameFound    frameKind = "rf" // it is, and you are its door now
	frameNotFound frameKind = "rn" // it is not
	frameReport   frameKind = "rr" // a report of a chat that was with you
	frameReported frameKind = "rd" // what became of it
	frameAgainst  frameKind = "rc" // a session of yours was reported
)

// whence is an origin, as frames have it.
type whence struct {
	Addr netip.Addr `json:"addr"`
	Port uint16     `json:"port,omitempty"`
	Host string     `json:"host,omitempty"`
	Name string     `json:"name,omitempty"`
}

func (o origin) whence() *whence { return &whence{o.addr, o.port, o.host.Value(), o.name} }

func (w *whence) origin() origin {
	return origin{w.Addr, w.Port, unique.Make(w.Host), w.Name}
}

// MaxFrame is the most that a frame has, in bytes: two hubs' messages and records fit.
const MaxFrame = 60 << 10

// encode returns the frame in bytes of its own.
func (f *frame) encode() []byte {
	head, err := json.Marshal(f)
	if err != nil {
		panic("match: " + err.Error()) // our own type: cannot happen
	}
	out := make([]byte, 0, len(head)+1+len(f.data))
	out = append(append(out, head...), '\n')
	return append(out, f.data...)
}

var errFrame = errors.New("no head of a frame")

// parseFrame reads what encode returned. The frame's data is a part of it.
func parseFrame(data []byte) (f frame, err error) {
	head, rest, found := bytes.Cut(data, []byte{'\n'})
	if !found {
		return f, errFrame
	}
	if err := json.Unmarshal(head, &f); err != nil {
		return f, fmt.Errorf("frame: %w", err)
	}
	if f.From != nil && !f.From.Addr.IsValid() {
		return f, errors.New("frame: from: has no address")
	}
	f.data = rest
	return f, nil
}

// to returns the tunnel that the frame belongs to.
func (f *frame) to() tunnel { return tunnel{f.Session, f.Epoch} }

// sendFrameLocked sends a frame to another hub.
func (h *Hub) sendFrameLocked(node string, f *frame) {
	h.others.Send(node, f.encode())
}
