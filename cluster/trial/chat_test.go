package trial_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// The states of a visitor in which trial W7 kills it.
var states = []string{"came", "asked", "waiting", "matched", "chatting", "left"}

// act does the next thing.
func (v *visitor) act(ctx context.Context) {
	if v.pair == "" {
		v.search(ctx)
	} else {
		v.chat(ctx)
	}
}

// search asks for a partner, and waits for one.
func (v *visitor) search(ctx context.Context) {
	if _, asked := v.owed[didFind]; !asked && !v.waiting {
		if v.dies(2, "came") {
			return
		}
		v.note(deed{what: didFind})
		v.owed[didFind], v.left = time.Now(), false
		if v.send(ctx, v.find()); v.dies(2, "asked") {
			return
		}
	}
	for v.pair == "" && ctx.Err() == nil {
		if _, on := v.hear(ctx, time.Second); !on {
			return
		}
		switch {
		case v.waiting && v.dies(1, "waiting"):
			return
		case v.waiting && v.chance(1):
			v.leave(ctx)
			return
		case !v.waiting && v.pair == "" && len(v.owed) == 0: // refused, or over at once
			v.idle(ctx, time.Second)
			return
		}
	}
}

func (v *visitor) find() map[string]any {
	m := map[string]any{"type": didFind, "mode": "text"}
	if v.chance(20) {
		m["mode"] = "video"
	}
	if v.chance(30) {
		m["interests"] = []string{[]string{"chess", "jazz", "tea", "hiking"}[v.random.IntN(4)]}
	}
	return m
}

// chat talks for a while, and then ends the chat in one of the ways there are.
func (v *visitor) chat(ctx context.Context) {
	if v.dies(3, "matched") {
		return
	}
	lasts := time.Second + rand.N(4*time.Second)
	if v.chance(8) {
		lasts = mostAlone + 10*time.Second
	}
	pair, until, next := v.pair, time.Now().Add(lasts), time.Now()
	if v.mode == "video" && v.role == "impolite" {
		v.describe(ctx, "offer")
	}
	for v.pair == pair && ctx.Err() == nil {
		now := time.Now()
		if now.After(until) {
			v.finish(ctx)
			return
		}
		if !now.Before(next) {
			if v.chance(2) {
				v.owed[didBlock] = now
				v.send(ctx, map[string]any{"type": didBlock, "pair": v.pair})
			}
			v.say(ctx)
			next = now.Add(600*time.Millisecond + rand.N(1500*time.Millisecond))
		}
		if _, on := v.hear(ctx, next.Sub(now)); !on {
			return
		}
	}
}

func (v *visitor) finish(ctx context.Context) {
	switch n := v.random.IntN(100); {
	case n < 45:
		v.leave(ctx)
	case n < 80:
		v.pair = "" // and on to the next
	case n < 93:
		v.dies(100, "chatting")
	default:
		v.end(true)
	}
}

// leave ends the chat or the search, and does nothing for a moment.
func (v *visitor) leave(ctx context.Context) {
	v.note(deed{what: didLeave, pair: v.pair})
	v.pair, v.waiting, v.left = "", false, true
	clear(v.owed)
	if v.send(ctx, map[string]any{"type": didLeave}); v.dies(2, "left") {
		return
	}
	v.idle(ctx, 300*time.Millisecond+rand.N(700*time.Millisecond))
}

// idle hears for a while.
func (v *visitor) idle(ctx context.Context, lasts time.Duration) {
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		if _, on := v.hear(ctx, time.Until(end)); !on {
			return
		}
	}
}

func (v *visitor) say(ctx context.Context) {
	v.lines++
	id := fmt.Sprintf("%s/%d/%d", v.pair, v.id, v.lines)
	v.note(deed{what: didSay, pair: v.pair, body: id})
	v.owed[id] = time.Now()
	v.send(ctx, map[string]any{"type": "text", "pair": v.pair, "id": id, "body": words(id)})
}

func (v *visitor) describe(ctx context.Context, kind string) {
	v.send(ctx, map[string]any{"type": "description", "pair": v.pair, "description": map[string]any{"type": kind, "sdp": offer}})
}

// words makes a line of its id, in which no filter finds anything: the same for the same id.
func words(id string) string {
	_, numbers, _ := strings.Cut(id, "/")
	syllables := [...]string{"la", "lo", "lu", "ma", "mo", "mu", "na", "no", "nu", "ra"}
	var text strings.Builder
	for _, c := range numbers {
		if c == '/' {
			text.WriteByte(' ')
		} else if c >= '0' && c <= '9' {
			text.WriteString(syllables[c-'0'])
		}
	}
	return text.String()
}

// dies has the visitor lose the socket with a probability in percent: to come back, or not.
func (v *visitor) dies(percent int, state string) bool {
	if !v.chance(percent) {
		return false
	}
	v.crowd.died(state)
	if v.chance(35) {
		v.end(false)
		return true
	}
	v.drop()
	time.Sleep(rand.N(800 * time.Millisecond))
	return true
}

func (v *visitor) chance(percent int) bool { return v.random.IntN(100) < percent }

// pause waits, but not past the end of ctx.
func pause(ctx context.Context, lasts time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(lasts):
	}
}
