package bus

import (
	"encoding/binary"
	"errors"
)

const (
	version = 1

	clearSize = 1 + len(Incarnation{}) + 8 // bytes before what is sealed
	tagSize   = 16                         // bytes after it
	headSize  = len(Incarnation{}) + 8 + 1 // of what is sealed, before the name

	maxName = 128 // bytes

	// MaxPayload is how many bytes a message may have.
	MaxPayload = 64 << 10

	// frameFull is how many bytes a frame has at least that takes no more messages.
	frameFull = 64 << 10

	maxNumber = 1 << 62 // of a message: sums of it and a size do not overflow
)

// class is what a message is to the bus.
type class uint8

const (
	plain    class = iota // Send
	question              // Ask
	answer                // to a question
	refusal               // to a question: the payload says why
	classes
)

// message is one, as a frame has it.
type message struct {
	class   class
	kind    uint8
	id      uint64 // of a question and what is said to it
	payload []byte
}

func (m message) size() int {
	if m.class == plain {
		return 1 + 1 + 4 + len(m.payload)
	}
	return 1 + 1 + 4 + 8 + len(m.payload)
}

func (m message) appendTo(b []byte) []byte {
	b = append(b, byte(m.class), m.kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.payload)))
	if m.class != plain {
		b = binary.BigEndian.AppendUint64(b, m.id)
	}
	return append(b, m.payload...)
}

// appendHead begins a frame: room for what is clear, and all before the first message.
func appendHead(b []byte, to Incarnation, first uint64, name string) []byte {
	b = append(b, make([]byte, clearSize)...)
	b = append(b, to[:]...)
	b = binary.BigEndian.AppendUint64(b, first)
	b = append(b, byte(len(name)))
	return append(b, name...)
}

// address writes to whom a frame that was begun by appendHead goes.
func address(frame []byte, to Incarnation) { copy(frame[clearSize:], to[:]) }

var errFrame = errors.New("bus: not a frame of this version")

// frame is what was sealed, opened.
type frame struct {
	to       Incarnation
	first    uint64
	name     string
	count    int
	messages []byte // count of them, checked
}

// parse reads what was sealed. The frame's messages are part of b.
func parse(b []byte) (f frame, err error) {
	if len(b) < headSize {
		return f, errFrame
	}
	f.to = Incarnation(b)
	f.first = binary.BigEndian.Uint64(b[len(f.to):])
	size := int(b[headSize-1])
	if b = b[headSize:]; size == 0 || size > maxName || size > len(b) || f.first == 0 || f.first > maxNumber {
		return f, errFrame
	}
	f.name, f.messages = string(b[:size]), b[size:]
	for rest := f.messages; len(rest) > 0; f.count++ {
		if _, rest, err = next(rest); err != nil {
			return f, err
		}
	}
	return f, nil
}

// next reads one message. Its payload is part of b.
func next(b []byte) (m message, rest []byte, err error) {
	const short = 1 + 1 + 4
	if len(b) < short {
		return m, nil, errFrame
	}
	m.class, m.kind = class(b[0]), b[1]
	size := binary.BigEndian.Uint32(b[2:])
	if b = b[short:]; m.class >= classes || size > MaxPayload {
		return m, nil, errFrame
	}
	if m.class != plain {
		if len(b) < 8 {
			return m, nil, errFrame
		}
		m.id, b = binary.BigEndian.Uint64(b), b[8:]
	}
	if int(size) > len(b) {
		return m, nil, errFrame
	}
	m.payload = b[:size:size]
	return m, b[size:], nil
}
