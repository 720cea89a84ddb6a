package ask_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/cluster/ask"
	"github.com/joingyd/joingyd/cluster/bus"
)

// wires are askers that reach each other, with what a test does to their questions.
type wires struct {
	t      *testing.T
	events chan error // of wait

	mu     sync.Mutex // guards what follows
	askers map[string]*ask.Asker
	asked  int
	change func(to string, payload []byte) (answer []byte, err error, instead bool) // nil: nothing
}

// end is one asker's end of the wires: an ask.Bus.
type end struct {
	*wires
	peer bus.Peer
}

func (w *wires) join(name string) *ask.Asker {
	a := ask.New(ask.Options{Bus: end{w, bus.Peer{Name: name}}, Kind: 7})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.askers == nil {
		w.askers = make(map[string]*ask.Asker)
	}
	w.askers[name] = a
	w.t.Cleanup(a.Wait)
	return a
}

// Ask implements ask.Bus, with the deadline and the errors of the bus.
func (e end) Ask(ctx context.Context, to string, kind uint8, payload []byte) ([]byte, error) {
	if kind != 7 {
		e.t.Errorf("kind %d", kind)
	}
	if len(payload) > bus.MaxPayload {
		e.t.Errorf("a question of %d bytes", len(payload))
	}
	e.mu.Lock()
	e.asked++
	change, other := e.change, e.askers[to]
	e.mu.Unlock()
	time.Sleep(time.Duration(1+rand.IntN(3)) * time.Millisecond)
	if change != nil {
		if answer, err, instead := change(to, payload); instead {
			return answer, err
		}
	}
	answer, err := other.Answer(e.t.Context(), e.peer, bytes.Clone(payload))
	if err != nil {
		return nil, &bus.Refused{Text: err.Error()}
	}
	if len(answer) > bus.MaxPayload {
		e.t.Errorf("an answer of %d bytes", len(answer))
	}
	return answer, ctx.Err()
}

// wait is a handler that says when it is told to end.
func (w *wires) wait(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	w.events <- r.Context().Err()
}

// run is for two nodes, a and b; what b serves as "test" is a test's, or wait.
func run(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, w *wires, a *ask.Asker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wires{t: t, events: make(chan error, 100)}
		if handler == nil {
			handler = w.wait
		}
		w.join("b").Handle("test", handler)
		test(t, w, w.join("a"))
	})
}

// post sends a request to b, and returns the answer's status and body.
func post(ctx context.Context, a *ask.Asker, url, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	answer, err := a.To("b").RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// echo answers with what it was sent, and by whom.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, "%s %s from %s: %s", r.Method, r.URL.RequestURI(), ask.From(r.Context()), body)
}

func TestRequestsOfAnySize(t *testing.T) {
	run(t, echo, func(t *testing.T, w *wires, a *ask.Asker) {
		var all sync.WaitGroup
		for _, size := range []int{0, 1, 47 << 10, 48 << 10, 49 << 10, 200 << 10} {
			all.Go(func() {
				body := strings.Repeat("x", size)
				status, got, err := post(t.Context(), a, "http://test/some/path?q=1", body)
				if err != nil || status != http.StatusAccepted || got != "POST /some/path?q=1 from a: "+body {
					t.Errorf("%d bytes: %d, %d bytes, %v", size, status, len(got), err)
				}
			})
		}
		all.Wait()
		if _, _, err := post(t.Context(), a, "http://test/", strings.Repeat("x", 256<<10)); !errors.Is(err, ask.ErrTooLarge) {
			t.Errorf("a request that is too large: %v", err)
		}
		if _, _, err := post(t.Context(), a, "http://none/", ""); !errors.Is(err, ask.ErrOld) || !strings.Contains(err.Error(), "node b ") {
			t.Errorf("a service that b does not know: %v", err)
		}
		if got := a.Asked(); got["answered"] != 6 || got["busy"] != 1 || got["old"] != 1 {
			t.Errorf("asked: %v", got)
		}
	})
}

func TestLongAnswers(t *testing.T) {
	size := 0
	run(t, func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < size; n += 1 << 10 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}, func(t *testing.T, w *wires, a *ask.Asker) {
		size = 7 << 20
		if _, got, err := post(t.Context(), a, "http://test/", ""); err != nil || len(got) != size {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		size = 9 << 20
		if _, _, err := post(t.Context(), a, "http://test/", ""); err == nil || !strings.Contains(err.Error(), "8 MiB") {
			t.Errorf("an answer that is too long: %v", err)
		}
	})
}

// A handler may take longer than a question of the bus, and ends when nobody waits for it.
func TestSlowHandlers(t *testing.T) {
	run(t, nil, func(t *testing.T, w *wires, a *ask.Asker) {
		w.askers["b"].Handle("slow", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(25 * time.Second)
			echo(w, r)
		}))
		if status, _, err := post(t.Context(), a, "http://slow/", "x"); err != nil || status != http.StatusAccepted {
			t.Errorf("%d, %v", status, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := post(ctx, a, "http://test/", "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without patience: %v", err)
		}
		if err := <-w.events; err == nil {
			t.Error("the handler was not told")
		}
	})
}

func TestHandlersThatFail(t *testing.T) {
	run(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bug" {
			panic("a bug")
		}
		panic(http.ErrAbortHandler)
	}, func(t *testing.T, _ *wires, a *ask.Asker) {
		for _, path := range []string{"/bug", "/abort"} {
			if _, _, err := post(t.Context(), a, "http://test"+path, ""); err == nil || !strings.Contains(err.Error(), "broken off") {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
}

// A node that dies while it is asked is noticed by the next fetch.
func TestNodesThatDie(t *testing.T) {
	run(t, nil, func(t *testing.T, w *wires, a *ask.Asker) {
		for _, c := range []struct{ bus, want error }{
			{bus.ErrRestarted, ask.ErrRestarted}, {context.DeadlineExceeded, ask.ErrSilent}, {bus.ErrFull, ask.ErrSilent}, {bus.ErrClosed, ask.ErrSilent},
			{&bus.Refused{Text: bus.ErrUnanswered.Error()}, ask.ErrOld},
		} {
			fetches := 0
			w.change = func(_ string, payload []byte) ([]byte, error, bool) {
				if fetches++; fetches <= 3 {
					return nil, nil, false
				}
				return nil, c.bus, true
			}
			if _, _, err := post(t.Context(), a, "http://test/", "x"); !errors.Is(err, c.want) || !strings.Contains(err.Error(), "node b ") {
				t.Errorf("%v: %v", c.bus, err)
			}
			if fetches != 4 {
				t.Errorf("%v: %d questions", c.bus, fetches)
			}
		}
	})
}

// So many at a time, on both sides; who is refused may try again.
func TestBounds(t *testing.T) {
	run(t, nil, func(t *testing.T, w *wires, a *ask.Asker) {
		over := make(chan struct{})
		w.askers["b"].Handle("test", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
		const most = 32
		results := make(chan error, most)
		for range most {
			go func() {
				_, _, err := post(t.Context(), a, "http://test/", "")
				results <- err
			}()
		}
		synctest.Wait()
		time.Sleep(time.Second)
		if _, _, err := post(t.Context(), a, "http://test/", ""); !errors.Is(err, ask.ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		impatient := ask.New(ask.Options{Bus: end{w, bus.Peer{Name: "a", Incarnation: bus.Incarnation{2}}}, Kind: 7}) // a process that keeps to no bound
		if _, _, err := post(t.Context(), impatient, "http://test/", ""); err == nil || !strings.Contains(err.Error(), "32 questions") {
			t.Errorf("one too many for b: %v", err)
		}
		close(over)
		for range most {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if _, _, err := post(t.Context(), a, "http://test/", ""); err != nil {
			t.Errorf("after that: %v", err)
		}
	})
}

// What is lost leads to an error, never to a wrong answer, and leaves nothing behind.
func TestLosses(t *testing.T) {
	run(t, func(w http.ResponseWriter, r *http.Request) { echo(w, r) }, func(t *testing.T, w *wires, a *ask.Asker) {
		w.change = func(to string, payload []byte) ([]byte, error, bool) {
			switch rand.IntN(20) {
			case 0: // the question is lost
			case 1: // the answer is
				_, _ = w.askers[to].Answer(t.Context(), bus.Peer{Name: "a"}, bytes.Clone(payload))
			default:
				return nil, nil, false
			}
			time.Sleep(5 * time.Second)
			return nil, context.DeadlineExceeded, true
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		answered, lost := 0, 0
		for i := range 200 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				body := strings.Repeat(fmt.Sprint(i, " "), rand.IntN(40<<10))
				_, got, err := post(t.Context(), a, "http://test/", body)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && got == "POST / from a: "+body:
					answered++
				case errors.Is(err, ask.ErrSilent):
					lost++
				default:
					t.Errorf("%d bytes of answer, %v", len(got), err)
				}
			})
		}
		all.Wait()
		if answered < 50 || lost < 10 {
			t.Errorf("%d answered, %d lost", answered, lost)
		}
		time.Sleep(time.Minute)
		if n := w.askers["b"].Waiting(); n != 0 {
			t.Errorf("%d exchanges are left", n)
		}
	})
}
