package ban

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// verdicts remembers what the index has said, for the addresses that ask again
// and again: a tag costs an HMAC, this a look-up. It holds no address, but a
// 128-bit hash of it under seeds of this process, and forgets everything with
// the next change of the store.
type verdicts struct {
	seeds  [2]maphash.Seed
	shards [verdictShards]verdictShard
}

const (
	verdictShards = 64
	verdictSlots  = 128 // a shard; the newest of two that collide stays
)

type verdictShard struct {
	mu    sync.Mutex
	slots [verdictSlots]verdictSlot
}

type verdictSlot struct {
	sum     [2]uint64
	version uint64 // of the index; 0: empty
	use     Use
	banned  bool
	verdict Verdict
}

func newVerdicts() *verdicts {
	return &verdicts{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// sum hashes a plain address.
func (v *verdicts) sum(addr netip.Addr) [2]uint64 {
	raw := addr.As16()
	return [2]uint64{maphash.Bytes(v.seeds[0], raw[:]), maphash.Bytes(v.seeds[1], raw[:])}
}

// get returns what put has kept, if that still holds. A ban that has ended says
// nothing about another that may be in its place.
func (v *verdicts) get(sum [2]uint64, use Use, version uint64, now time.Time) (verdict Verdict, banned, known bool) {
	shard := &v.shards[sum[0]%verdictShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	slot := &shard.slots[sum[0]/verdictShards%verdictSlots]
	if slot.version != version || slot.sum != sum || slot.use != use {
		return Verdict{}, false, false
	}
	if slot.banned && !slot.verdict.Permanent() && !now.Before(slot.verdict.Until) {
		return Verdict{}, false, false
	}
	return slot.verdict, slot.banned, true
}

func (v *verdicts) put(sum [2]uint64, use Use, version uint64, verdict Verdict, banned bool) {
	shard := &v.shards[sum[0]%verdictShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.slots[sum[0]/verdictShards%verdictSlots] = verdictSlot{sum, version, use, banned, verdict}
}
