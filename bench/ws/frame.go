package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The opcodes (RFC 6455, 5.2) that a server sends here.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// appendFrame appends a client's frame with less than 64 KiB. Its masking key is
// 0, which leaves the payload as it is.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	const final, masked = 0x80, 0x80
	b = append(b, final|op)
	if len(payload) < 126 {
		b = append(b, masked|byte(len(payload)))
	} else {
		b = append(b, masked|126)
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

var errFrame = errors.New("a frame that this server does not send")

// cutFrame takes the first frame, one unmasked and of its own, off b. Where b
// holds only the start of one, rest is b and op 0.
func cutFrame(b []byte) (op byte, payload, rest []byte, err error) {
	if len(b) < 2 {
		return 0, nil, b, nil
	}
	op, size, head := b[0]&0x0f, int(b[1]), 2
	if b[0] != 0x80|op || op == 0 || size > 126 {
		return 0, nil, b, fmt.Errorf("%w: it begins with %#x %#x", errFrame, b[0], b[1])
	}
	if size == 126 {
		if len(b) < 4 {
			return 0, nil, b, nil
		}
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	}
	if len(b) < head+size {
		return 0, nil, b, nil
	}
	return op, b[head : head+size], b[head+size:], nil
}
