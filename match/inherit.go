package match

import (
	"errors"
	"maps"
	"slices"
)

var errClosed = errors.New("it is about to end")

// Inherit takes over the chats of another hub of the site, which has ended and does not come
// back soon: those whom it asked to come again find them here, wherever they come. One hub takes
// all, so that both sides of a chat find each other. When the chats were left is not asked:
// clocks differ, and the other hub says so as it ends.
func (h *Hub) Inherit(handover []byte) error {
	if len(handover) == 0 {
		return nil
	}
	o, err := parseHandover(handover)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosed
	}
	h.inherit(o)
	return nil
}

// SplitHandover returns what Hub.Handover returned in parts of at most so many bytes, each of
// which Inherit takes; none for nothing.
func SplitHandover(data []byte, most int) (parts [][]byte, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	whole, err := parseHandover(data)
	if err != nil {
		return nil, err
	}
	part, size := *whole, handoverHead
	part.sealed = make(map[handedName][]byte)
	for _, name := range slices.SortedFunc(maps.Keys(whole.sealed), handedName.compare) {
		record := len(name) + 2 + len(whole.sealed[name])
		if size+record > most && len(part.sealed) > 0 {
			parts = append(parts, part.encode())
			clear(part.sealed)
			size = handoverHead
		}
		part.sealed[name] = whole.sealed[name]
		size += record
	}
	return append(parts, part.encode()), nil
}
