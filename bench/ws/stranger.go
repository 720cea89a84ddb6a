package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
)

// stranger is a client of the crowd: its end of a wire, without a goroutine. It
// acts inside the server's writes.
type stranger struct {
	crowd  *crowd
	number int
	wire   wire

	// The server writes from one goroutine at a time, but for the close.
	upgraded bool
	pinged   bool
	told     bool   // the partner's line
	rest     []byte // of a frame that is not complete
}

const upgradeRequest = "GET /ws HTTP/1.1\r\nHost: site.test\r\nOrigin: http://site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: joingy.v1\r\n\r\n"

const helloMessage = `{"type":"hello","consent":{"policy":"` + crowdPolicy + `","adult":true}}`

func (s *stranger) init(c *crowd, number int) {
	s.crowd, s.number = c, number
	s.wire.remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}), 50_000)
	s.wire.more.L = &s.wire.mu
	s.wire.take = s.take
}

func (s *stranger) send(message string) { s.wire.deliver(appendFrame(nil, opText, []byte(message))) }

// take is what the server writes.
func (s *stranger) take(data []byte) {
	if !s.upgraded {
		head, rest, found := bytes.Cut(data, []byte("\r\n\r\n"))
		if !found || !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
			s.crowd.fail(fmt.Errorf("upgrade answered with %.60q", data))
			return
		}
		s.upgraded = true
		s.send(helloMessage)
		data = rest
	}
	if len(s.rest) > 0 {
		data = append(s.rest, data...)
	}
	for len(data) > 0 {
		op, payload, rest, err := cutFrame(data)
		if err != nil {
			s.crowd.fail(err)
			return
		}
		if op == 0 {
			break
		}
		s.frame(op, payload)
		data = rest
	}
	s.rest = bytes.Clone(data)
	if len(data) == 0 {
		s.rest = nil
	}
}

func (s *stranger) frame(op byte, payload []byte) {
	switch op {
	case opText:
		s.message(payload)
	case opPing:
		s.wire.deliver(appendFrame(nil, opPong, payload))
		if !s.pinged {
			s.pinged = true
			s.crowd.count("ping")
		}
	case opClose:
		s.wire.deliver(appendFrame(nil, opClose, payload))
		s.wire.end()
		s.crowd.closed(payload)
	}
}

// message takes one message of the hub.
func (s *stranger) message(data []byte) {
	var m struct{ Type, Pair, Body, Code, Detail string }
	if err := json.Unmarshal(data, &m); err != nil {
		s.crowd.fail(err)
		return
	}
	switch m.Type {
	case "matched":
		s.crowd.matched(s, m.Pair)
	case "text":
		from, err := strconv.Atoi(m.Body)
		if err != nil || s.told || !s.crowd.partners(m.Pair, s.number, from) {
			s.crowd.fail(fmt.Errorf("stranger %d was told %q in pair %s", s.number, m.Body, m.Pair))
			return
		}
		s.told = true
	case "error", "rejected", "banned", "challenge", "action":
		s.crowd.fail(fmt.Errorf("%s %s: %s", m.Type, m.Code, m.Detail))
		return
	}
	s.crowd.count(m.Type)
}
