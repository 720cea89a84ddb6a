package pool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/cluster/pool"
	"github.com/joingyd/joingyd/cluster/redistest"
)

// slot returns the hash slot of a key as Redis Cluster's specification has it: CRC-16/XMODEM of
// what is in the first braces.
func slot(key string) int {
	if _, tag, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(tag, "}"); ok && tag != "" {
			key = tag
		}
	}
	var crc uint16
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % 16384
}

// In a Redis Cluster, which refuses a script that touches two slots, everything works; the keys
// of a shard are in one slot, and shards in different ones.
func TestOneSlotAScript(t *testing.T) {
	if slot("123456789") != 0x31c3 || slot("x{123456789}y") != 0x31c3 {
		t.Fatal("the slot is not reckoned as the specification says")
	}
	s := newSiteOn(t, redistest.StartCluster(t, 1)[0], 2, pool.Options{MaxShards: 8, SplitSize: 20, AnyLanguage: true, Lease: time.Hour})
	tickets := make([]pool.Ticket, 60)
	for i := range tickets {
		tickets[i] = speaking(s.ticket("same", fmt.Sprint(i), fmt.Sprint(i+1)), "en", "de")
		s.waits(i%2, tickets[i])
	}
	for range 3 {
		s.pass(patience * 4)
		s.renew()
		for i, ticket := range tickets {
			if found, err := s.again(i%2, ticket); found != nil || err != nil {
				t.Fatalf("ticket %d: %+v, %v", i, found, err)
			}
		}
	}
	shards := make(map[string]int)
	slots := make(map[int]bool)
	for _, key := range s.keys() {
		prefix, _, _ := strings.Cut(key, "}:")
		if was, known := shards[prefix]; known && was != slot(key) {
			t.Errorf("%s is in slot %d, others of its shard in %d", key, slot(key), was)
		}
		shards[prefix] = slot(key)
		slots[slot(key)] = true
	}
	if len(shards) < 10 || len(slots) < len(shards)-1 {
		t.Errorf("%d shards and gates in %d slots", len(shards), len(slots))
	}
	s.finds(0, speaking(s.ticket("another", "33", "34"), "de"), tickets[33])
}
