// Package recent has a bounded map that forgets what was used least recently: for
// what is remembered of strangers, who can make any number of keys.
package recent

import "container/list"

// Map holds at most so many values. Make one with New. It is not safe for
// concurrent use.
type Map[K comparable, V any] struct {
	most    int
	byKey   map[K]*list.Element
	order   *list.List // of *entry[K, V], the one used last in front
	evicted uint64
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty map with room for most values.
func New[K comparable, V any](most int) *Map[K, V] {
	return &Map[K, V]{most: most, byKey: make(map[K]*list.Element), order: list.New()}
}

// Get returns the value of a key, nil if there is none. It is no use of it.
func (m *Map[K, V]) Get(key K) *V {
	if element, ok := m.byKey[key]; ok {
		return &element.Value.(*entry[K, V]).value
	}
	return nil
}

// Use returns the value of a key, and makes it the one used last. A key without a
// value gets the zero value, and fresh is true; where there is no room, the value
// that was used least recently goes, and is counted.
func (m *Map[K, V]) Use(key K) (value *V, fresh bool) {
	if element, ok := m.byKey[key]; ok {
		m.order.MoveToFront(element)
		return &element.Value.(*entry[K, V]).value, false
	}
	if len(m.byKey) >= m.most {
		m.remove(m.order.Back())
		m.evicted++
	}
	e := &entry[K, V]{key: key}
	m.byKey[key] = m.order.PushFront(e)
	return &e.value, true
}

// Forget forgets at most so many values, those used least recently first, for as
// long as they are old. It reports whether there may be more.
func (m *Map[K, V]) Forget(most int, old func(*V) bool) (more bool) {
	for range most {
		last := m.order.Back()
		if last == nil || !old(&last.Value.(*entry[K, V]).value) {
			return false
		}
		m.remove(last)
	}
	return true
}

func (m *Map[K, V]) remove(element *list.Element) {
	delete(m.byKey, m.order.Remove(element).(*entry[K, V]).key)
}

// Len returns how many values there are.
func (m *Map[K, V]) Len() int { return len(m.byKey) }

// Evicted returns how many went for want of room.
func (m *Map[K, V]) Evicted() uint64 { return m.evicted }
