package turn

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
)

// endpoint is a client's transport address as the tables know it: an IPv6
// address, or an IPv4 one in its mapped form, in two halves, and a port.
type endpoint struct {
	high, low uint64
	port      uint16
}

const mappedPrefix = 0xffff << 32 // ::ffff:0:0/96, in the low half

func endpointOf(addr netip.AddrPort) endpoint {
	raw := addr.Addr().As16()
	return endpoint{binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:]), addr.Port()}
}

// addrPort is the inverse of endpointOf; IPv4 comes out unmapped.
func (e endpoint) addrPort() netip.AddrPort {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], e.high)
	binary.BigEndian.PutUint64(raw[8:], e.low)
	return netip.AddrPortFrom(netip.AddrFrom16(raw).Unmap(), e.port)
}

// clientTable finds the allocation of a 5-tuple on every packet: without a lock,
// without an allocation, while others come and go. It is an open-addressing hash
// in shards, each of which grows alone, so that no insertion copies more than a
// 256th of it. A deleted place stays marked until its shard is rebuilt.
//
// One goroutine at a time may change it (Server.mu); any may read. An allocation
// that remove took out is found by no get that starts after.
type clientTable struct {
	seed   [2]uint64 // of the hash, so that nobody can choose addresses that collide
	count  atomic.Int64
	shards [1 << shardBits]clientShard
}

const (
	shardBits = 8
	minSlots  = 8 // of a shard
)

type clientShard struct {
	slots atomic.Pointer[[]atomic.Pointer[relay]] // a power of two; nil: empty
	used  int                                     // slots that are not nil, removed ones included
	live  int
}

// removed marks the place of what was removed: the search goes on past it.
var removed = new(relay)

func newClientTable() *clientTable {
	return &clientTable{seed: [2]uint64{rand.Uint64(), rand.Uint64() | 1}}
}

// hash mixes 18 bytes through two wide multiplications (the folded multiply of
// wyhash).
func (t *clientTable) hash(e endpoint) uint64 {
	high, low := bits.Mul64(e.high^t.seed[0], e.low^t.seed[1])
	high, low = bits.Mul64(high^low^t.seed[1], uint64(e.port)+t.seed[0]|1)
	return high ^ low
}

// get returns the live allocation of the client, or nil.
func (t *clientTable) get(e endpoint) *relay {
	hash := t.hash(e)
	slots := t.shards[hash>>(64-shardBits)].slots.Load()
	if slots == nil {
		return nil
	}
	for at, mask := hash, uint64(len(*slots)-1); ; at++ {
		switch r := (*slots)[at&mask].Load(); {
		case r == nil:
			return nil
		case r != removed && r.source == e:
			return r
		}
	}
}

// put makes r the allocation of its 5-tuple, in place of any other.
func (t *clientTable) put(r *relay) {
	hash := t.hash(r.source)
	shard := &t.shards[hash>>(64-shardBits)]
	slots := shard.slots.Load()
	if slots == nil || (shard.used+1)*4 > len(*slots)*3 {
		slots = t.rebuild(shard)
	}
	for at, mask := hash, uint64(len(*slots)-1); ; at++ {
		slot := &(*slots)[at&mask]
		switch old := slot.Load(); {
		case old == nil:
			slot.Store(r)
			shard.used++
			shard.live++
			t.count.Add(1)
			return
		case old != removed && old.source == r.source:
			slot.Store(r)
			return
		}
	}
}

// remove takes r out, if it is still the allocation of its 5-tuple.
func (t *clientTable) remove(r *relay) {
	hash := t.hash(r.source)
	shard := &t.shards[hash>>(64-shardBits)]
	slots := shard.slots.Load()
	if slots == nil {
		return
	}
	for at, mask := hash, uint64(len(*slots)-1); ; at++ {
		slot := &(*slots)[at&mask]
		switch slot.Load() {
		case nil:
			return
		case r:
			slot.Store(removed)
			shard.live--
			t.count.Add(-1)
			return
		}
	}
}

// rebuild gives the shard room for one more, and forgets what was removed.
func (t *clientTable) rebuild(shard *clientShard) *[]atomic.Pointer[relay] {
	size := minSlots
	for size < (shard.live+1)*2 {
		size *= 2
	}
	slots, old := make([]atomic.Pointer[relay], size), shard.slots.Load()
	shard.used = shard.live
	if old != nil {
		for i := range *old {
			r := (*old)[i].Load()
			if r == nil || r == removed {
				continue
			}
			at, mask := t.hash(r.source), uint64(size-1)
			for slots[at&mask].Load() != nil {
				at++
			}
			slots[at&mask].Store(r)
		}
	}
	shard.slots.Store(&slots)
	return &slots
}
