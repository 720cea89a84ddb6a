package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// chatPace is how often a visitor in a text chat says something: a line takes
// some seconds to read and to write.
const chatPace = 8 * time.Second

var errNoPairs = errors.New("there are no pairs yet")

// pace calls do for 0, 1, 2… at even intervals until the time is over, and notes
// how late each call was. It returns how many calls there were.
func (l *load) pace(ctx context.Context, interval, duration time.Duration, do func(i int) error) (int, error) {
	began := time.Now()
	for i := 0; ; i++ {
		due := time.Duration(i) * interval
		if due >= duration {
			return i, nil
		}
		if wait := due - time.Since(began); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return i, ctx.Err()
			}
		}
		l.sample("late", max(time.Since(began)-due, 0))
		if err := do(i); err != nil {
			return i, err
		}
	}
}

// chat lets every side of every pair write at a human pace, evenly spread. A
// visitor is seen typing for a tenth of the pace, then the line is there. It
// returns the messages sent.
func (l *load) chat(ctx context.Context, duration time.Duration) (sent int, err error) {
	if len(l.pairs) == 0 {
		return 0, errNoPairs
	}
	talkers := make([]*visitor, 0, 2*len(l.pairs))
	for _, p := range l.pairs {
		talkers = append(talkers, p.a)
	}
	for _, p := range l.pairs {
		talkers = append(talkers, p.b)
	}
	lag := len(talkers) / 10
	lines := newLines(uint64(l.first))
	_, err = l.pace(ctx, chatPace/time.Duration(len(talkers)), duration, func(i int) error {
		v := talkers[i%len(talkers)]
		sent++
		if err := v.say(ctx, "typing", map[string]any{"type": "typing", "pair": v.pair, "on": true}); err != nil || i < lag {
			return err
		}
		sent++
		return talkers[(i-lag)%len(talkers)].text(ctx, i, lines.next())
	})
	if err != nil {
		return sent, err
	}
	return sent, l.landed(ctx)
}

// text says a line to the partner.
func (v *visitor) text(ctx context.Context, id int, line string) error {
	return v.say(ctx, "text", map[string]any{"type": "text", "pair": v.pair, "id": strconv.Itoa(id), "body": line})
}

// lines makes up what visitors say, no two visitors the same: the same line to
// ever new partners is what spam looks like.
type lines struct{ random *rand.Rand }

func newLines(seed uint64) lines { return lines{rand.New(rand.NewPCG(seed, 6))} }

var words = strings.Fields(`the a my your some every this that never always maybe today yesterday tonight morning winter
	summer rain sun sea river mountain city village street garden kitchen train bicycle ferry guitar piano song film
	novel chess football coffee tea bread soup cat dog horse sister brother teacher doctor friend neighbour likes
	sees hears plays reads cooks paints travels sleeps laughs works waits forgets remembers quietly slowly again`)

// next returns 5 to 12 words.
func (l lines) next() string {
	line := make([]string, 5+l.random.IntN(8))
	for i := range line {
		line[i] = words[l.random.IntN(len(words))]
	}
	return strings.Join(line, " ")
}
