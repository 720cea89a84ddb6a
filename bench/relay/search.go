package main

// verdict is how one trial of a rate went.
type verdict int

const (
	passed    verdict = iota
	lossy             // the server lost packets
	saturated         // the generator was the limit: the trial says nothing of the server
	disturbed         // the generator was kept from sending: the trial says nothing
)

func (v verdict) String() string {
	return [...]string{"", "server", "load generator saturates first", "void: other work on the machine kept the load generator from sending"}[v]
}

const (
	firstRate  = 20_000
	lastRate   = 4_000_000
	bisections = 5 // of a doubling: 3 %
)

// highest searches for the highest rate that passes: it doubles until one
// doesn't, then bisects. A trial that fails is repeated once, a disturbed one
// more often, for the machine has other things to do too. Limit is why the lowest rate that failed did.
func highest(try func(rate int) (verdict, error)) (rate int, limit verdict, err error) {
	attempt := func(rate int) (v verdict, err error) {
		for tries, failures := 0, 0; tries < 6 && failures < 2; tries++ {
			if v, err = try(rate); err != nil || v == passed {
				break
			}
			if v != disturbed {
				failures++
			}
		}
		return v, err
	}
	good, bad := 0, firstRate
	for ; bad <= lastRate; bad *= 2 {
		if limit, err = attempt(bad); err != nil {
			return 0, limit, err
		}
		if limit != passed {
			break
		}
		good = bad
	}
	if limit == passed {
		return good, saturated, nil
	}
	for range bisections {
		middle := (good + bad) / 2
		v, err := attempt(middle)
		switch {
		case err != nil:
			return 0, v, err
		case v == passed:
			good = middle
		default:
			bad, limit = middle, v
		}
	}
	return good, limit, nil
}
