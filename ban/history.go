package ban

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// How tells why a ban ended.
type How string

// The ways in which a ban ends.
const (
	HowRemoved  How = "removed"
	HowExpired  How = "expired"
	HowReplaced How = "replaced" // by a newer ban on the same target
)

// Ended is a ban of the past.
type Ended struct {
	Ban Ban       `json:"ban"`
	How How       `json:"how"`
	By  string    `json:"by,omitempty"` // who removed or replaced it
	At  time.Time `json:"at"`           // when it stopped counting

	rule rule
}

// An ended ban in the file, under historyKey: the length of the record that it
// was (varint), the record, JSON of how and by, and the seal.
type ending struct {
	How How    `json:"how"`
	By  string `json:"by,omitempty"`
}

func encodeEnded(key []byte, how How, by string, record []byte) ([]byte, error) {
	out := binary.AppendUvarint(nil, uint64(len(record)))
	out = append(out, record...)
	rest, err := json.Marshal(ending{how, by})
	return seal(key, append(out, rest...)), err
}

// splitEnded returns the key and the record of the ban that it was, and the rest.
func splitEnded(key, value []byte) (id, record, rest []byte, err error) {
	content, err := unseal(key, value)
	if err != nil {
		return nil, nil, nil, err
	}
	n, size := binary.Uvarint(content)
	if len(key) != 8+idSize || size <= 0 || n > uint64(len(content)-size) {
		return nil, nil, nil, errors.New("it is cut off")
	}
	return key[8:], content[size:][:n], content[size:][n:], nil
}

func decodeEnded(key, value []byte) (Ended, error) {
	id, record, rest, err := splitEnded(key, value)
	if err != nil {
		return Ended{}, err
	}
	r, err := decodeRecord(id, record)
	if err != nil {
		return Ended{}, err
	}
	var e ending
	if err := json.Unmarshal(rest, &e); err != nil {
		return Ended{}, fmt.Errorf("how it ended: %w", err)
	}
	at := time.Unix(0, int64(binary.BigEndian.Uint64(key))).UTC()
	return Ended{Ban: r.Ban, How: e.How, By: e.By, At: at, rule: r.rule}, nil
}

// historyKey sorts by the time of the end.
func historyKey(at time.Time, id ID) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at.UnixNano())), id.key()...)
}

// endedBefore reports whether the key of a history record says so.
func endedBefore(key []byte, at time.Time) bool {
	return len(key) >= 8 && int64(binary.BigEndian.Uint64(key)) < at.UnixNano()
}
