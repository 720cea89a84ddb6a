package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A whole run, in fake time: everybody is welcomed, pinged, paired, told, and sent
// away.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := runCrowd(t.Context(), 600)
		if err != nil {
			t.Fatal(err)
		}
		if f.Sessions != 600 || f.Pairs != 300 || f.Texts != 600 || f.Rest.Goroutines < 1 || f.Rest.Live <= 0 || f.Rest.Stacks <= 0 {
			t.Errorf("runCrowd = %+v", f)
		}
	})
}

// A run that does not get done says how far it came, and leaves nothing behind.
func TestCrowdEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the first ping comes later
		defer cancel()
		_, err := runCrowd(ctx, 10)
		if err == nil || !strings.Contains(err.Error(), "ping: 0 of 10: context deadline exceeded") {
			t.Errorf("runCrowd = %v", err)
		}
	})
}

func TestPaired(t *testing.T) {
	for name, pairs := range map[string]map[string][]int{
		"one alone":        {"p": {0, 1}, "q": {2}},
		"three":            {"p": {0, 1, 3}, "q": {2}},
		"itself":           {"p": {0, 0}, "q": {2, 3}},
		"not everybody":    {"p": {0, 1}},
		"nobody":           {},
		"more than needed": {"p": {0, 1}, "q": {2, 3}, "r": {0, 2}},
	} {
		c := &crowd{strangers: make([]stranger, 4), pairs: pairs}
		if c.paired() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c := &crowd{strangers: make([]stranger, 4), pairs: map[string][]int{"p": {0, 2}, "q": {1, 3}}}
	if err := c.paired(); err != nil {
		t.Error(err)
	}
	if !c.partners("p", 2, 0) || c.partners("p", 0, 0) || c.partners("q", 2, 0) || c.partners("", 0, 2) {
		t.Error("partners is wrong about who is in a pair")
	}
}
