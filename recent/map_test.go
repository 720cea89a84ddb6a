package recent_test

import (
	"testing"

	"github.com/joingyd/joingyd/recent"
)

func TestMapForgetsWhatWasUsedLeastRecently(t *testing.T) {
	m := recent.New[string, int](2)
	for i, key := range []string{"a", "b", "a", "c"} {
		value, fresh := m.Use(key)
		if fresh != (i != 2) {
			t.Errorf("%s: fresh is %v", key, fresh)
		}
		*value += i + 1
	}
	if m.Get("b") != nil || m.Len() != 2 || m.Evicted() != 1 {
		t.Errorf("b is %v, %d are left, %d went", m.Get("b"), m.Len(), m.Evicted())
	}
	if a := m.Get("a"); a == nil || *a != 4 {
		t.Errorf("a is %v, want 4", a)
	}
	m.Get("a") // no use: a is still older than c
	if more := m.Forget(1, func(v *int) bool { return *v == 4 }); !more || m.Get("a") != nil {
		t.Error("a was not forgotten first")
	}
	if more := m.Forget(5, func(v *int) bool { return false }); more || m.Get("c") == nil {
		t.Error("c was forgotten although it is not old")
	}
	if more := m.Forget(5, func(*int) bool { return true }); more || m.Len() != 0 {
		t.Errorf("%d are left", m.Len())
	}
}
