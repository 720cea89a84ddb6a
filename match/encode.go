package match

import (
	"bytes"
	"encoding/json"
	"strconv"
)

func encode(m serverMessage) []byte {
	data, err := json.Marshal(m)
	if err != nil {
		panic("match: " + err.Error()) // our own types: cannot happen
	}
	return data
}

// prepared is a message that is encoded but for its number: a large one takes too
// long to encode under the hub's lock.
type prepared struct {
	before, after []byte
	seq           uint64
}

func prepare(m serverMessage) *prepared {
	m.number(0)
	data := encode(m)
	before, after, _ := bytes.Cut(data, []byte(`"seq":0`)) // the first: head stands first
	return &prepared{before: before, after: after}
}

func (p *prepared) number(seq uint64) { p.seq = seq }

func (p *prepared) encode() []byte {
	const maxSeq = 20 // digits
	data := make([]byte, 0, len(p.before)+len(`"seq":`)+maxSeq+len(p.after))
	data = append(append(data, p.before...), `"seq":`...)
	data = strconv.AppendUint(data, p.seq, 10)
	return append(data, p.after...)
}
