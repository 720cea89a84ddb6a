package match

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/joingyd/joingyd/match/mask"
	"github.com/joingyd/joingyd/match/pool"
)

// Close codes of joingy.v1, beside RFC 6455's. 4000–4499 may reconnect,
// 4500–4999 must not.
const (
	closeGoingAway                       = websocket.StatusGoingAway // the reason is the seconds to spread over
	closeNoHello    websocket.StatusCode = 4408
	closeTooMany    websocket.StatusCode = 4429 // the reason is the seconds to wait
	closeProtocol   websocket.StatusCode = 4500
	closeSuperseded websocket.StatusCode = 4501
	closeBanned     websocket.StatusCode = 4503
	closeKicked     websocket.StatusCode = 4504 // ended by the operator, no ban
)

// errorCode is the code of an error or rejected message.
type errorCode string

const (
	codeBadMessage      errorCode = "bad_message"
	codeUnknownType     errorCode = "unknown_type"
	codeConsentRequired errorCode = "consent_required"
	codeNotPaired       errorCode = "not_paired"
	codeStalePair       errorCode = "stale_pair"
	codeTooLarge        errorCode = "too_large"
	codeRateLimited     errorCode = "rate_limited"
	codeMasked          errorCode = "masked"
	codeUnavailable     errorCode = "unavailable"
	codeVideoBanned     errorCode = "video_banned"
	codeVideoClosed     errorCode = "video_closed"

	codeChallengeRequired errorCode = "challenge_required"
	codeChallengeFailed   errorCode = "challenge_failed"
	codePassRefused       errorCode = "pass_refused"
	codePassInUse         errorCode = "pass_in_use"
	codeFiltered          errorCode = "filtered"
	codeMuted             errorCode = "muted"
)

// ErrorCodes lists every code that Stats.Refused may count.
func ErrorCodes() (codes []string) {
	for _, code := range []errorCode{
		codeBadMessage, codeUnknownType, codeConsentRequired, codeNotPaired, codeStalePair,
		codeTooLarge, codeRateLimited, codeMasked, codeUnavailable, codeVideoBanned, codeVideoClosed,
		codeChallengeRequired, codeChallengeFailed, codePassRefused, codePassInUse,
		codeFiltered, codeMuted,
	} {
		codes = append(codes, string(code))
	}
	return codes
}

// leftReason says why a chat is over.
type leftReason string

const (
	leftNext      leftReason = "next"
	leftLeft      leftReason = "left"
	leftLost      leftReason = "lost"
	leftBanned    leftReason = "banned"
	leftModerated leftReason = "moderated"
)

// clientMessage is every field that a client may send; which ones count is up to
// the type. Unknown fields are ignored.
type clientMessage struct {
	Type string `json:"type"`

	Consent   *consent `json:"consent"`   // hello
	Resume    string   `json:"resume"`    // hello
	Ack       uint64   `json:"ack"`       // hello
	Languages []string `json:"languages"` // hello

	Mode      pool.Mode `json:"mode"`      // find
	Interests []string  `json:"interests"` // find

	parsed []pool.Interest // of Interests: see parseFind

	Kind string          `json:"kind"` // answer
	Data json.RawMessage `json:"data"` // answer

	Pair        string          `json:"pair"`        // what follows
	Description *description    `json:"description"` // description
	Candidate   json.RawMessage `json:"candidate"`   // candidate, an object or null
	ID          string          `json:"id"`          // text
	Body        string          `json:"body"`        // text
	On          bool            `json:"on"`          // typing
	Reason      string          `json:"reason"`      // report
	Note        string          `json:"note"`        // report
	Block       bool            `json:"block"`       // report
	Lines       []shownLine     `json:"lines"`       // report
}

type consent struct {
	Policy string `json:"policy"`
	Adult  bool   `json:"adult"`
}

// to reports whether it is that of an adult to this version of the policy.
func (c *consent) to(policy string) bool { return c != nil && c.Adult && c.Policy == policy }

type description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// decode reads one message. The error names the field.
func decode(data []byte) (clientMessage, error) {
	var m clientMessage
	err := json.Unmarshal(data, &m)
	switch wrong, ok := err.(*json.UnmarshalTypeError); {
	case ok && wrong.Field != "":
		kind, _, _ := strings.Cut(wrong.Value, " ") // a number is quoted in full
		return m, fmt.Errorf("%s: a %s cannot stand here", wrong.Field, kind)
	case err != nil:
		return m, errors.New("not one JSON object")
	case m.Type == "":
		return m, errors.New("type: is missing")
	}
	return m, nil
}

// parseFind checks the fields of a find, and folds what it names: that takes its
// time, so it comes before the hub's lock is taken.
func (m *clientMessage) parseFind() (err error) {
	if m.Mode != pool.Video && m.Mode != pool.Text {
		return errors.New(`mode: must be "video" or "text"`)
	}
	m.parsed, err = pool.ParseInterests(m.Interests)
	return err
}

// serverMessage is anything sent to a client; number gives it its place.
type serverMessage interface{ number(seq uint64) }

// head starts every server message.
type head struct {
	Type string `json:"type"`
	Seq  uint64 `json:"seq"`
}

func (h *head) number(seq uint64) { h.Seq = seq }

type welcomeMessage struct {
	head
	Session string `json:"session"`
	Resume  string `json:"resume"`
	Online  int    `json:"online"`
	Policy  string `json:"policy"`
	ICE     ice    `json:"ice"`
	Receipt string `json:"receipt,omitempty"` // with which the visitor shows later that the session was theirs
}

type iceMessage struct {
	head
	ICE ice `json:"ice"`
}

type ice struct {
	Servers         []iceServer `json:"servers"`
	TransportPolicy string      `json:"transportPolicy"`
	Expires         time.Time   `json:"expires"`
	MaxBitrate      int         `json:"maxBitrate,omitempty"` // of a client's sound and picture together; bits a second
}

// iceServer is an RTCIceServer.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

type waitingMessage struct {
	head
	Mode  pool.Mode `json:"mode"`
	Since time.Time `json:"since"`
}

type matchedMessage struct {
	head
	Pair   string    `json:"pair"`
	Role   string    `json:"role"`
	Mode   pool.Mode `json:"mode"`
	Common []string  `json:"common"`
	ICE    *ice      `json:"ice,omitempty"` // the relay from now on, where it is another than the client knows
}

type descriptionMessage struct {
	head
	Pair        string      `json:"pair"`
	Description description `json:"description"`
}

type candidateMessage struct {
	head
	Pair      string              `json:"pair"`
	Candidate *mask.CandidateInit `json:"candidate"` // null ends the candidates
}

type textMessage struct {
	head
	Pair string `json:"pair"`
	ID   string `json:"id"`
	Body string `json:"body"`
	proof
}

// proof is what a client can show of a text later, in a report.
type proof struct {
	Order uint64    `json:"order"`
	At    time.Time `json:"at"`
	Proof string    `json:"proof"`
}

type typingMessage struct {
	head
	Pair string `json:"pair"`
	On   bool   `json:"on"`
}

type sentMessage struct {
	head
	ID   string `json:"id"`
	Body string `json:"body,omitempty"` // what was delivered, where it is not what was sent
	proof
}

type rejectedMessage struct {
	head
	ID     string     `json:"id"`
	Code   errorCode  `json:"code"`
	Reason string     `json:"reason,omitempty"` // filtered: what for
	Until  *time.Time `json:"until,omitempty"`  // muted: no longer than that
}

func newRejected(id string, code errorCode) *rejectedMessage {
	return &rejectedMessage{head: head{Type: "rejected"}, ID: id, Code: code}
}

// actionMessage tells a visitor what was done about what they do.
type actionMessage struct {
	head
	Pair   string     `json:"pair"`
	Do     string     `json:"do"`
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until,omitempty"`
}

// snapshotMessage asks for one low-resolution still.
type snapshotMessage struct {
	head
	Pair    string    `json:"pair"`
	Of      string    `json:"of"` // partner or self
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
	Look    *Local    `json:"look,omitempty"` // look at it first, and post it only if that finds something
}

type leftMessage struct {
	head
	Pair   string     `json:"pair"`
	Reason leftReason `json:"reason"`
}

type blockedMessage struct {
	head
	Pair string `json:"pair"`
}

type reportedMessage struct {
	head
	Pair   string `json:"pair"`
	Report string `json:"report"` // its id
	Lines  int    `json:"lines"`  // of the chat, that went with it
}

type onlineMessage struct {
	head
	Count int `json:"count"`
}

// banNotice is what stands in every message about a ban.
type banNotice struct {
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until"` // null: permanent
	By     string     `json:"by,omitempty"`
	Appeal string     `json:"appeal"`
}

type bannedMessage struct {
	head
	banNotice
}

type challengeMessage struct {
	head
	Kind string `json:"kind"` // work or age
	Data any    `json:"data"`
}

type errorMessage struct {
	head
	Code   errorCode `json:"code"`
	Detail string    `json:"detail"`
	Re     string    `json:"re,omitempty"`
	Policy string    `json:"policy,omitempty"` // consent_required: the version to accept
}

// videoBannedMessage is the error of a find that a ban refuses.
type videoBannedMessage struct {
	errorMessage
	banNotice
}

// videoClosedMessage is the error of a find while there are no new video chats.
type videoClosedMessage struct {
	errorMessage
	Until time.Time `json:"until"`
}

func newError(code errorCode, re, detail string) *errorMessage {
	return &errorMessage{head: head{Type: "error"}, Code: code, Detail: detail, Re: re}
}
