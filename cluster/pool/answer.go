package pool

import (
	"errors"
	"strconv"

	"github.com/redis/rueidis"
)

// answer reads the list that a script returned, one after the other; err is the first that
// went wrong.
type answer struct {
	list []rueidis.RedisMessage
	err  error
}

func (a *answer) next() (m rueidis.RedisMessage, ok bool) {
	if len(a.list) == 0 {
		if a.err == nil {
			a.err = errors.New("the script's answer is too short: nodes of different versions?")
		}
		return m, false
	}
	m = a.list[0]
	a.list = a.list[1:]
	return m, true
}

func (a *answer) int() (n int64) {
	if m, ok := a.next(); ok {
		var err error
		if n, err = m.AsInt64(); err != nil && a.err == nil {
			a.err = err
		}
	}
	return n
}

func (a *answer) text() (s string) {
	if m, ok := a.next(); ok {
		var err error
		if s, err = m.ToString(); err != nil && a.err == nil {
			a.err = err
		}
	}
	return s
}

func (a *answer) float() float64 {
	f, err := strconv.ParseFloat(a.text(), 64)
	if err != nil && a.err == nil {
		a.err = err
	}
	return f
}
