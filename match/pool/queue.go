package pool

// queue holds tickets, the oldest first but for those that came back. It is an array with
// holes, not a list: a walk along it meets no cache miss but the tickets' own.
type queue struct {
	slots []slot
	base  int // the number of slots[0]
	len   int // tickets
}

// slot is a ticket and where its number in the queue is kept; empty: it was taken out.
type slot struct {
	ticket *Ticket
	number *int
}

// nowhere is the number of a ticket that is in no queue.
const nowhere = -1

// insert puts t at the end. Its number, by which it is taken out, is kept up to date in
// *number.
func (q *queue) insert(t *Ticket, number *int) {
	if holes := len(q.slots) - q.len; holes > q.len+16 {
		q.compact()
	}
	*number = q.base + len(q.slots)
	q.slots = append(q.slots, slot{t, number})
	q.len++
}

// remove takes out the ticket with that number, unless it is nowhere.
func (q *queue) remove(number *int) {
	if *number == nowhere {
		return
	}
	q.slots[*number-q.base] = slot{}
	*number = nowhere
	q.len--
	front := 0
	for front < len(q.slots) && q.slots[front].ticket == nil {
		front++
	}
	q.slots = q.slots[front:]
	q.base += front
}

// compact closes the holes.
func (q *queue) compact() {
	full := q.slots[:0]
	for _, s := range q.slots {
		if s.ticket != nil {
			*s.number = q.base + len(full)
			full = append(full, s)
		}
	}
	clear(q.slots[len(full):])
	q.slots = full
}

// oldest returns the slots of the oldest tickets, at least so many if there are so many and
// the holes allow.
func (q *queue) oldest(limit int) []slot { return q.slots[:min(len(q.slots), 3*limit)] }
