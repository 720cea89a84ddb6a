package match_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/match"
)

// visits writes down what it is told.
type visits struct {
	mu   sync.Mutex
	told []string
}

func (v *visits) tell(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.told = append(v.told, fmt.Sprintf(format, args...))
}

func (v *visits) Kind(h http.Header) match.Kind         { return match.Kind(len(h.Get("User-Agent"))) }
func (v *visits) Came(kind match.Kind, language string) { v.tell("came %v %s", kind > 0, language) }
func (v *visits) Left(stayed time.Duration)             { v.tell("left %v", stayed) }
func (v *visits) Talked()                               { v.tell("talked") }

func (v *visits) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Equal(v.told, want) {
		t.Errorf("told %q, want %q", v.told, want)
	}
	v.told = nil
}

// A visit is counted when its session begins and when it ends, however many sockets it had; a
// text chat once, when both have had a line delivered, and a video chat never.
func TestVisitsAreCounted(t *testing.T) {
	v := new(visits)
	runWith(t, func(o *match.Options) { o.Visits = v }, func(t *testing.T, f *fixture) {
		a, b, pair := f.pair("text")
		v.want(t, "came true ", "came true ")
		a.say(pair, "1", "hello")
		a.say(pair, "2", "anybody?")
		a.expect("sent")
		v.want(t)
		b.say(pair, "3", "hello")
		v.want(t, "talked")
		b.say(pair, "4", "again")
		a.say(pair, "5", "again")
		v.want(t)
		time.Sleep(time.Minute)
		a.conn.CloseNow()
		time.Sleep(time.Minute) // the grace is over, and was no stay
		v.want(t, "left 1m0s")
		c, d, pair := f.pair("video")
		v.want(t, "came true ", "came true ")
		c.say(pair, "1", "hello")
		d.say(pair, "1", "hello")
		v.want(t)
	})
}
