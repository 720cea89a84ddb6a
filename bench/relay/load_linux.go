package main

import "net/netip"

// client is one TURN client: a source address and what the server told it. The
// clients 2k and 2k+1 are a pair.
type client struct {
	addr       [4]byte
	username   string
	password   string
	realm      string
	nonce      string
	key        []byte
	relayed    netip.AddrPort
	channel    uint16 // that it bound to its partner
	sequence   uint32 // of the last packet that it sent in this run
	partnerSaw uint32 // of the last packet that its partner got
}

// load sends ChannelData for pairs at a pace and judges what arrives. Its counts
// are of the current run.
type load struct {
	clients []*client
	group   int // packets of one client in a row
	size    int // bytes of application data

	pacer   pacer
	next    int // client whose turn it is
	run     uint32
	sending bool

	sent, received, misrouted, reordered uint64
	lastArrival                          int64
	latency                              histogram
}

// start begins a new run at rate packets a second; what is still under way from
// the last one won't count.
func (l *load) start(now, rate int64) {
	l.run++
	l.pacer = newPacer(now, rate, l.group)
	l.next, l.sending = 0, true
	l.sent, l.received, l.misrouted, l.reordered = 0, 0, 0, 0
	l.lastArrival = now
	l.latency.reset()
	for _, c := range l.clients {
		c.sequence, c.partnerSaw = 0, 0
	}
}

// evenTick is how many evenly spaced packets go into one batch at most. They are
// more than one only when the generator was busy receiving.
const evenTick = 8

// send queues and sends what is due. It reports whether anything was.
func (l *load) send(e *endpoint, now int64) bool {
	if !l.sending {
		return false
	}
	due := l.pacer.due(now, max(evenTick, l.group))
	for sent := 0; sent < due; {
		for range min(l.group, due-sent) {
			c := l.clients[l.next]
			c.sequence++
			n := putChannelData(e.slot(), c.channel, l.size, stamp{now, c.sequence, uint32(l.next), l.run})
			e.queue(c.addr, n)
			sent++
		}
		if l.next++; l.next == len(l.clients) {
			l.next = 0
		}
		if e.room() < l.group || sent >= due {
			l.sent += uint64(e.flush())
		}
	}
	return due > 0
}

// arrived judges one ChannelData message.
func (l *load) arrived(message []byte, now int64) {
	channel, s, ok := parseChannelData(message)
	if !ok || s.run != l.run {
		return
	}
	if int(s.sender) >= len(l.clients) || l.clients[s.sender^1].channel != channel {
		l.misrouted++
		return
	}
	c := l.clients[s.sender]
	if s.sequence <= c.partnerSaw {
		l.reordered++
	}
	c.partnerSaw = s.sequence
	l.received++
	l.lastArrival = now
	l.latency.add(now - s.at)
}

// lost is the share of what was sent that did not arrive.
func (l *load) lost() float64 {
	if l.sent == 0 {
		return 1
	}
	return 1 - float64(min(l.received, l.sent))/float64(l.sent)
}
