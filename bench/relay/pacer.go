package main

// pacer says when packets are due: group of them together, evenly spaced, at a
// rate. Times are nanoseconds of one monotonic clock.
//
// A sender that was kept from sending (another process had its core) would make
// up for it in one burst, which its receiver would have to pay for with loss. So
// what is overdue by more than patience is never sent; it shows as a lower rate.
type pacer struct {
	start int64
	rate  int64 // packets a second
	group int64 // packets
	taken int64 // packets sent or forgiven
}

const second = 1_000_000_000 // ns

// patience is how late a packet may be sent.
const patience = 500_000

func newPacer(now, rate int64, group int) pacer {
	return pacer{start: now, rate: rate, group: int64(group)}
}

// due takes up to most packets that are to be sent now, in whole groups; at
// least one group if one is due.
func (p *pacer) due(now int64, most int) int {
	behind := p.by(now) - p.taken
	if behind < p.group {
		return 0
	}
	if excess := p.by(now-patience) - p.taken; excess > 0 {
		p.taken += excess
		behind -= excess
	}
	behind = min(behind, max(int64(most)/p.group, 1)*p.group)
	p.taken += behind
	return int(behind)
}

// by is how many packets are to be sent by the time.
func (p *pacer) by(now int64) int64 {
	elapsed := now - p.start
	if elapsed < 0 {
		return 0
	}
	// In two parts: the product would overflow within hours at high rates.
	packets := elapsed/second*p.rate + elapsed%second*p.rate/second
	return packets / p.group * p.group
}
