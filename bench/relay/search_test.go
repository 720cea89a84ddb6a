package main

import (
	"errors"
	"testing"
)

func TestHighest(t *testing.T) {
	for _, test := range []struct {
		server, generator int // what they can
		limit             verdict
	}{{190_000, 400_000, lossy}, {500_000, 400_000, saturated}, {7_000, 400_000, lossy}, {9_000_000, 9_000_000, saturated}} {
		trials := 0
		rate, limit, err := highest(func(rate int) (verdict, error) {
			trials++
			switch {
			case rate > test.generator:
				return saturated, nil
			case rate > test.server:
				return lossy, nil
			}
			return passed, nil
		})
		can := min(test.server, test.generator, lastRate)
		if err != nil || limit != test.limit || rate > can || float64(rate) < 0.6*float64(can) {
			t.Errorf("%+v: %d, limit %v, %v", test, rate, limit, err)
		}
		if test.server > firstRate && can < lastRate && float64(rate) < 0.94*float64(can) {
			t.Errorf("%+v: only %d", test, rate)
		}
		if trials > 30 {
			t.Errorf("%+v: %d trials", test, trials)
		}
	}
}

func TestHighestRepeatsOnce(t *testing.T) {
	failed := false
	rate, _, err := highest(func(rate int) (verdict, error) {
		if rate == 40_000 && !failed {
			failed = true
			return lossy, nil
		}
		if rate > 80_000 {
			return lossy, nil
		}
		return passed, nil
	})
	if err != nil || rate < 80_000 {
		t.Errorf("one hiccup at 40,000 made it %d, %v", rate, err)
	}
	disturbances := 0
	if rate, limit, _ := highest(func(rate int) (verdict, error) {
		if disturbances++; disturbances%3 != 0 {
			return disturbed, nil
		}
		if rate > 100_000 {
			return lossy, nil
		}
		return passed, nil
	}); rate < 94_000 || limit != lossy {
		t.Errorf("disturbances made it %d, limit %v", rate, limit)
	}
	if _, _, err := highest(func(int) (verdict, error) { return passed, errors.New("broken") }); err == nil {
		t.Error("an error was swallowed")
	}
}
