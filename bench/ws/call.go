package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/joingyd/joingyd/client"
)

// callPace is how often a pair sets up its call. Browsers do it once and again
// when the network changes; here the two of them stand for 2,000 calls a pace.
const callPace = 10 * time.Second

// browser is what Chromium says when it sets up a call.
type browser struct {
	description map[string]client.Description // by type
	ufrag       map[string]string             // likewise
}

// chromium reads what a real one said. Candidates trickle, so what stands in the
// descriptions is taken out.
var chromium = sync.OnceValues(func() (browser, error) {
	b := browser{make(map[string]client.Description), make(map[string]string)}
	for _, kind := range []string{"offer", "answer"} {
		text, err := os.ReadFile("match/mask/testdata/chromium-" + kind + ".sdp")
		if err != nil {
			return b, fmt.Errorf("%w; run this from the repository's root", err)
		}
		var sdp strings.Builder
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "a=candidate:") {
				continue
			}
			sdp.WriteString(line)
			if ufrag, found := strings.CutPrefix(line, "a=ice-ufrag:"); found {
				b.ufrag[kind] = strings.TrimSpace(ufrag)
			}
		}
		b.description[kind] = client.Description{Type: kind, SDP: sdp.String()}
	}
	return b, nil
})

// call lets every pair set up its call again and again, evenly spread, and each
// side say a line in between. It returns the messages sent.
func (l *load) call(ctx context.Context, duration time.Duration) (sent int, err error) {
	if len(l.pairs) == 0 {
		return 0, errNoPairs
	}
	lines := newLines(uint64(l.first))
	n, err := l.pace(ctx, callPace/time.Duration(len(l.pairs)), duration, func(i int) error {
		caller, talker := l.pairs[i%len(l.pairs)].a, l.pairs[(i+len(l.pairs)/2)%len(l.pairs)]
		return errors.Join(
			caller.describe(ctx, "offer", caller.pair),
			talker.a.text(ctx, i, lines.next()),
			talker.b.text(ctx, i, lines.next()),
		)
	})
	if err != nil {
		return 0, err
	}
	return n * (2*describes + 2), l.landed(ctx)
}

// describes is how many messages describe sends.
const describes = 4

// describe sends an offer or answer, the relay candidate for each of its two
// m-lines, and the end of the candidates.
func (v *visitor) describe(ctx context.Context, kind, pair string) error {
	c, err := chromium()
	if err != nil {
		return err
	}
	description := c.description[kind]
	err = v.say(ctx, "description", map[string]any{"type": "description", "pair": pair, "description": description})
	for line, mid := range []string{"0", "1"} {
		index, ufrag := uint16(line), c.ufrag[kind]
		candidate := client.Candidate{
			Candidate: fmt.Sprintf("candidate:2275299952 1 udp 41885439 %s %d typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag %s network-cost 999",
				v.relayed.Addr(), v.relayed.Port(), ufrag),
			SDPMid: &mid, SDPMLineIndex: &index, UsernameFragment: &ufrag,
		}
		err = errors.Join(err, v.say(ctx, "candidate", map[string]any{"type": "candidate", "pair": pair, "candidate": candidate}))
	}
	return errors.Join(err, v.say(ctx, "candidate", map[string]any{"type": "candidate", "pair": pair, "candidate": nil}))
}
