package ban

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// state is what every change writes beside the bans: how many there are and the
// sum of their checksums, so that a page that went missing shows, or an older
// one in its place; and when that was.
type state struct {
	count, sum uint64
	seen       time.Time
}

func (s *state) add(value []byte) {
	s.count++
	s.sum += uint64(sealOf(value))
}

func (s *state) subtract(value []byte) {
	s.count--
	s.sum -= uint64(sealOf(value))
}

func (s *state) write(meta *bbolt.Bucket) error {
	raw := binary.BigEndian.AppendUint64(nil, s.count)
	raw = binary.BigEndian.AppendUint64(raw, s.sum)
	raw = binary.BigEndian.AppendUint64(raw, uint64(s.seen.UnixMilli()))
	return meta.Put(stateKey, seal(stateKey, raw))
}

func readState(meta *bbolt.Bucket) (state, error) {
	raw, err := unseal(stateKey, meta.Get(stateKey))
	if err != nil || len(raw) != 24 {
		return state{}, fmt.Errorf("%w: its tally is wrong", ErrCorrupt)
	}
	return state{
		count: binary.BigEndian.Uint64(raw), sum: binary.BigEndian.Uint64(raw[8:]),
		seen: time.UnixMilli(int64(binary.BigEndian.Uint64(raw[16:]))).UTC(),
	}, nil
}
