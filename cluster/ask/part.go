package ask

import (
	"encoding/binary"
	"errors"
)

const (
	opPut = 1
	opGet = 2

	partHead = 1 + 8 + 4 + 4 // bytes
)

// part is a question of the bus, as package doc has it.
type part struct {
	op            byte
	number        uint64
	total, offset int
	data          []byte
}

func (m part) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(append(b, m.op), m.number)
	b = binary.BigEndian.AppendUint32(b, uint32(m.total))
	b = binary.BigEndian.AppendUint32(b, uint32(m.offset))
	return append(b, m.data...)
}

var errPart = errors.New("no such part: the question makes no sense, or took too long")

// parsePart reads what append wrote. Its data is part of b.
func parsePart(b []byte) (m part, err error) {
	if len(b) < partHead {
		return m, errPart
	}
	m = part{
		op: b[0], number: binary.BigEndian.Uint64(b[1:]),
		total: int(binary.BigEndian.Uint32(b[9:])), offset: int(binary.BigEndian.Uint32(b[13:])), data: b[partHead:],
	}
	if m.op == opPut && (m.total > mostAsked || len(m.data) == 0 || m.offset+len(m.data) > m.total) {
		return m, errPart
	}
	return m, nil
}
