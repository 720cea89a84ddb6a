package check

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestJudgeTrial(t *testing.T) {
	trips := slices.Repeat([]time.Duration{9 * time.Millisecond, time.Millisecond, 5 * time.Millisecond}, trialPackets)
	tests := []struct {
		small  bool
		back   int
		status Status
		detail string
		remedy string
	}{
		{true, 20, OK, "20 of 20 packets went there and back, half of them within 5ms", ""},
		{true, 19, Warning, "19 of 20", "get lost"},
		{true, 9, Failed, "9 of 20", "get lost"},
		{true, 0, Failed, "none of 20 packets of 1200 bytes", "MTU"},
		{false, 0, Failed, "none of 20 packets came back", "carries nothing"},
	}
	for _, tt := range tests {
		s := judgeTrial("relay udp-udp", trial{tt.small, trips[:tt.back]})
		if s.Status != tt.status || !strings.Contains(s.Detail, tt.detail) || !strings.Contains(s.Remedy, tt.remedy) {
			t.Errorf("%d back: %+v", tt.back, s)
		}
	}
}

func TestCarryRemedy(t *testing.T) {
	if r := carryRemedy(errors.New("CreatePermission error response (error 403: Forbidden)")); !strings.Contains(r, "update the site's joingyd") {
		t.Error(r)
	}
	if r := carryRemedy(errors.New("cut")); r != deafRemedy {
		t.Error(r)
	}
}
