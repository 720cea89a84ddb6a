package bus

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = time.Millisecond
		answer := func(_ context.Context, from Peer, kind uint8, payload []byte) ([]byte, error) {
			switch kind {
			case 1:
				return append([]byte(from.Name+" said "), payload...), nil
			case 2:
				return nil, errors.New("not mine")
			case 3:
				return make([]byte, MaxPayload+1), nil
			}
			time.Sleep(time.Minute)
			return nil, nil
		}
		left, _, _ := pair(t, a, Options{Answer: answer})
		ctx := t.Context()
		if got, err := left.Ask(ctx, "right", 1, []byte("hello")); err != nil || string(got) != "left said hello" {
			t.Errorf("%q, %v", got, err)
		}
		var refused *Refused
		if _, err := left.Ask(ctx, "right", 2, nil); !errors.As(err, &refused) || refused.Text != "not mine" {
			t.Errorf("a refusal is %v", err)
		}
		if _, err := left.Ask(ctx, "right", 3, nil); !errors.As(err, &refused) {
			t.Errorf("an answer that is too long is %v", err)
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if _, err := left.Ask(short, "right", 4, nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "right") {
			t.Errorf("no answer in time is %v", err)
		}
		if _, err := left.Ask(ctx, "nobody", 1, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody's answer is %v", err)
		}
		if s := left.Stats(); s.WaitingAsked != 0 {
			t.Errorf("%d questions wait", s.WaitingAsked)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestAskFromAHandlerAndOfOneThatIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = time.Millisecond
		var b *Bus
		got := make(chan error, 1)
		b, _ = join(t, a, Options{Node: "b", Handler: func(from Peer, _ uint8, _ []byte) {
			_, err := b.Ask(t.Context(), from.Name, 1, nil)
			got <- err
		}})
		hang := make(chan struct{})
		answers := func(_ context.Context, _ Peer, kind uint8, _ []byte) ([]byte, error) {
			if kind == 2 {
				<-hang
			}
			return nil, nil
		}
		c, leave := join(t, a, Options{Node: "c", Answer: answers})
		synctest.Wait()
		_ = c.Send("b", 1, nil)
		if err := <-got; err != nil {
			t.Error("from a handler:", err)
		}
		asked := make(chan error, 1)
		go func() {
			_, err := b.Ask(context.Background(), "c", 2, nil)
			asked <- err
		}()
		time.Sleep(time.Second)
		close(hang)
		leave()
		c, _ = join(t, a, Options{Node: "c"})
		_ = c.Send("b", 1, nil)
		<-got
		select {
		case err := <-asked:
			if err != nil && !errors.Is(err, ErrRestarted) {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("it still waits")
		}
	})
}

// What a node takes long to answer holds up nothing else that it is told, and is bounded.
func TestAnswersHoldUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir(0)
		a.latency = time.Millisecond
		over, heard := make(chan struct{}), make(chan struct{}, 1)
		join(t, a, Options{
			Node:    "b",
			Handler: func(Peer, uint8, []byte) { heard <- struct{}{} },
			Answer: func(context.Context, Peer, uint8, []byte) ([]byte, error) {
				<-over
				return nil, ErrUnanswered
			},
		})
		asker, _ := join(t, a, Options{Node: "a"})
		results := make(chan error, mostAnswering+1)
		for range mostAnswering + 1 {
			go func() {
				_, err := asker.Ask(t.Context(), "b", 1, nil)
				results <- err
			}()
		}
		var refused *Refused
		if err := <-results; !errors.As(err, &refused) || refused.Text != errAnswering.Error() || refused.Unanswered() {
			t.Errorf("one question too many: %v", err)
		}
		if err := asker.Send("b", 1, nil); err != nil {
			t.Fatal(err)
		}
		<-heard
		close(over)
		for range mostAnswering {
			if err := <-results; !errors.As(err, &refused) || !refused.Unanswered() {
				t.Errorf("a question of an unknown kind: %v", err)
			}
		}
		if _, err := asker.Ask(t.Context(), "b", 1, nil); !errors.As(err, &refused) || !refused.Unanswered() {
			t.Errorf("after that: %v", err)
		}
	})
}
