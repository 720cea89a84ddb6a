package moderate

import (
	"sync"
	"time"
)

// Memory keeps evidence in memory: for a site whose moderators have no keys to seal it
// for. It is gone when the process ends. Its methods may be called at the same time.
type Memory struct {
	most int // bytes

	mu      sync.Mutex
	sealed  []kept // the oldest first
	bytes   int
	dropped uint64
}

// kept is what one report brought.
type kept struct {
	id, caseID string
	parts      []Part
}

// NewMemory returns a Memory of so many bytes at most: past them it drops the oldest
// evidence, and counts it.
func NewMemory(most int) *Memory { return &Memory{most: most} }

// Seal implements Evidence. It keeps copies.
func (m *Memory) Seal(caseID string, parts []Part) (string, error) {
	k := kept{id: NewID(), caseID: caseID, parts: make([]Part, len(parts))}
	for i, part := range parts {
		part.Data = append([]byte(nil), part.Data...)
		k.parts[i] = part
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sealed = append(m.sealed, k)
	m.bytes += k.size()
	for m.bytes > m.most {
		m.bytes -= m.sealed[0].size()
		m.sealed[0].clear()
		m.sealed = m.sealed[1:]
		m.dropped++
	}
	return k.id, nil
}

// Delete implements Evidence.
func (m *Memory) Delete(caseID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := m.sealed[:0]
	for _, k := range m.sealed {
		if k.caseID != caseID {
			left = append(left, k)
			continue
		}
		m.bytes -= k.size()
		k.clear()
	}
	clear(m.sealed[len(left):])
	m.sealed = left
	return nil
}

// Hold implements Evidence. Memory lasts as long as the process and its room do: what is
// held goes when it is the oldest, as all does.
func (m *Memory) Hold(string, time.Time) error { return nil }

// Release implements Evidence.
func (m *Memory) Release(string) error { return nil }

// Parts returns what there is of a case, the oldest first.
func (m *Memory) Parts(caseID string) (parts []Part) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.sealed {
		if k.caseID != caseID {
			continue
		}
		for _, part := range k.parts {
			part.Data = append([]byte(nil), part.Data...)
			parts = append(parts, part)
		}
	}
	return parts
}

// Dropped returns how many times evidence was dropped for want of room.
func (m *Memory) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

func (k *kept) size() (n int) {
	for _, part := range k.parts {
		n += len(part.Data)
	}
	return n
}

func (k *kept) clear() {
	for _, part := range k.parts {
		clear(part.Data)
	}
}
