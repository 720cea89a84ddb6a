package bus

// inbox is what came over a link and waits for the functions of Options.
type inbox struct {
	items   []item
	bytes   int  // of the items, and of the one that is being handled
	lost    bool // Gap has to be called after the items
	working bool // the link has a worker
}

// item is one frame's messages.
type item struct {
	from     Peer
	gap      bool // before them
	messages []byte
	skip     int
}

// pushLocked queues a frame's messages, and the gap before them. It drops them if there is
// no room for them in so many bytes.
func (in *inbox) pushLocked(it item, most int) bool {
	if in.bytes+len(it.messages) > most {
		in.lost = true
		return false
	}
	it.gap, in.lost = in.lost, false
	in.items = append(in.items, it)
	in.bytes += len(it.messages)
	return true
}

// popLocked returns what is handled next.
func (l *link) popLocked() (it item, ok bool) {
	in := &l.in
	if len(in.items) == 0 {
		it, ok = item{from: l.peerLocked(), gap: true}, in.lost
		in.items, in.lost = nil, false
		return it, ok
	}
	it, in.items[0] = in.items[0], item{}
	in.items = in.items[1:]
	return it, true
}

// workLocked gives the link a worker if it has none and there is work.
func (b *Bus) workLocked(l *link) {
	if !l.in.working && (l.in.lost || len(l.in.items) > 0) {
		l.in.working = b.life.start(func() { b.work(l) })
	}
}

// work is a link's worker: it calls the functions of Options, one at a time. It ends when
// there is nothing left to handle.
func (b *Bus) work(l *link) {
	handled := 0
	for {
		l.mu.Lock()
		l.in.bytes -= handled
		it, ok := l.popLocked()
		if !ok || b.life.over() {
			l.in.working = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if it.gap {
			b.counts.gaps.Add(1)
			if b.opts.Gap != nil {
				b.opts.Gap(it.from)
			}
		}
		b.handle(l, it)
		handled = len(it.messages)
	}
}

// handle calls the functions for what a frame had.
func (b *Bus) handle(l *link, it item) {
	for rest := it.messages; len(rest) > 0; it.skip-- {
		var m message
		var err error
		if m, rest, err = next(rest); err != nil {
			return // parse has seen it: cannot happen
		}
		if it.skip > 0 {
			continue
		}
		switch m.class {
		case plain:
			if b.opts.Handler != nil {
				b.opts.Handler(it.from, m.kind, m.payload)
			}
		case question:
			b.reply(l, it.from, m)
		}
	}
}
