package client

import (
	"encoding/json"
	"time"
)

// Message is any message of the daemon: Type says which fields count, as in
// docs/protocol.md.
type Message struct {
	Type string `json:"type"`
	Seq  uint64 `json:"seq"` // 0 before there is a session

	Session string `json:"session"` // welcome
	Resume  string `json:"resume"`  // welcome
	Online  int    `json:"online"`  // welcome
	ICE     ICE    `json:"ice"`     // welcome, ice; matched, where it has servers

	Mode   string    `json:"mode"`   // waiting, matched
	Since  time.Time `json:"since"`  // waiting
	Role   string    `json:"role"`   // matched
	Common []string  `json:"common"` // matched

	Pair        string       `json:"pair"`        // matched, what the partner sends, left, reported
	Report      string       `json:"report"`      // reported: its id
	Description *Description `json:"description"` // description
	Candidate   *Candidate   `json:"candidate"`   // candidate; nil ends the candidates
	ID          string       `json:"id"`          // text, sent, rejected
	Body        string       `json:"body"`        // text; sent, where something else was delivered
	On          bool         `json:"on"`          // typing
	Order       uint64       `json:"order"`       // text, sent: the line's place in the chat, from 1
	At          time.Time    `json:"at"`          // text, sent: when it was delivered
	Proof       string       `json:"proof"`       // text, sent: what shows that in a report
	Lines       int          `json:"lines"`       // reported: how many lines of the chat went along
	Of          string       `json:"of"`          // snapshot: partner or self
	Token       string       `json:"token"`       // snapshot
	Expires     time.Time    `json:"expires"`     // snapshot
	Look        *Look        `json:"look"`        // snapshot: nil: post it whatever it shows

	Count  int        `json:"count"`  // online
	Reason string     `json:"reason"` // left, banned, rejected, action
	Do     string     `json:"do"`     // action
	Until  *time.Time `json:"until"`  // banned, rejected, action; of a ban, nil: for good
	By     string     `json:"by"`     // banned: who decided: person, rule or list
	Appeal string     `json:"appeal"` // banned
	Code   string     `json:"code"`   // error, rejected
	Detail string     `json:"detail"` // error
	Re     string     `json:"re"`     // error: the type that it answers
	Policy string     `json:"policy"` // welcome; error consent_required: the version to accept

	Kind string          `json:"kind"` // challenge
	Data json.RawMessage `json:"data"` // challenge
}

// Welcome is what a session starts with.
type Welcome struct {
	Session string
	Resume  string // good once
	Online  int
	Policy  string
	ICE     ICE // the newest: fresh credentials replace it
}

// ICE is how to reach the relay.
type ICE struct {
	Servers         []ICEServer `json:"servers"`
	TransportPolicy string      `json:"transportPolicy"`
	Expires         time.Time   `json:"expires"`
	MaxBitrate      int         `json:"maxBitrate"` // bits a second to send at most, sound and picture together; 0: no limit
}

// ICEServer is an RTCIceServer.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// Description is an RTCSessionDescriptionInit.
type Description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// Candidate is an RTCIceCandidateInit.
type Candidate struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid,omitempty"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex,omitempty"`
	UsernameFragment *string `json:"usernameFragment,omitempty"`
}

// hello is the first message on every socket.
type hello struct {
	Type    string   `json:"type"`
	Consent *consent `json:"consent,omitempty"`
	Resume  string   `json:"resume,omitempty"`
	Ack     uint64   `json:"ack,omitempty"`
}

type consent struct {
	Policy string `json:"policy"`
	Adult  bool   `json:"adult"`
}

// Look is how a client looks at a still itself: scores from 0 to 1, by label.
type Look struct {
	Veil map[string]float64 `json:"veil"` // from which it hides the picture
	Post map[string]float64 `json:"post"` // from which it posts the still
}
