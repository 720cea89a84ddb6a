package match

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

var claimLabels = []string{"drawing", "neutral", "porn"}

func TestParseClaim(t *testing.T) {
	for text, want := range map[string]map[string]float64{
		"porn=0.934":                       {"porn": 0.934},
		"porn=1, neutral=0":                {"porn": 1, "neutral": 0},
		" drawing=0.5 ,\tporn=1.000":       {"drawing": 0.5, "porn": 1},
		"drawing=0.1,neutral=0.2,porn=0.7": {"drawing": 0.1, "neutral": 0.2, "porn": 0.7},
	} {
		if got, err := parseClaim(text, claimLabels); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for text, why := range map[string]string{
		"":                        "is no label",
		"porn":                    "is no label",
		"porn=":                   "is no label",
		"porn=1.5":                "is no label",
		"porn=-0.5":               "is no label",
		"porn=0.9344":             "is no label",
		"porn=NaN":                "is no label",
		"porn=1e0":                "is no label",
		"porn=0.9;x=1":            "is no label",
		"Porn=0.9":                "is no label",
		"porn=0.9,":               "is no label",
		"porn=0.9 neutral=0.1":    "is no label",
		"under-18=0.9":            "is none of the labels",
		"known=1":                 "is none of the labels",
		"porn=0.9, porn=0.1":      "is there twice",
		strings.Repeat("x", 1025): "is too long",
	} {
		if got, err := parseClaim(text, claimLabels); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: got %v, %v; want %s", text, got, err, why)
		}
	}
}

func TestMet(t *testing.T) {
	least := map[string]float64{"porn": 0.85, "drawing": 0.5}
	for _, test := range []struct {
		labels map[string]float64
		want   bool
	}{
		{map[string]float64{"porn": 0.85}, true},
		{map[string]float64{"porn": 0.849, "drawing": 0.5}, true},
		{map[string]float64{"porn": 0.849, "neutral": 1}, false},
		{nil, false},
	} {
		if got := met(test.labels, least); got != test.want {
			t.Errorf("%v: %v", test.labels, got)
		}
	}
}

// What is taken is as it would be written again.
func FuzzParseClaim(f *testing.F) {
	f.Add("porn=0.934, neutral=0.031")
	f.Add("porn=1")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := parseClaim(text, claimLabels)
		if err != nil {
			return
		}
		var parts []string
		for _, label := range slices.Sorted(maps.Keys(labels)) {
			if score := labels[label]; !slices.Contains(claimLabels, label) || score < 0 || score > 1 {
				t.Errorf("%q: %s has %v", text, label, score)
			}
			parts = append(parts, fmt.Sprintf("%s=%.3f", label, labels[label]))
		}
		again, err := parseClaim(strings.Join(parts, ", "), claimLabels)
		if err != nil || !maps.Equal(again, labels) {
			t.Errorf("%q: %v, and again %v, %v", text, labels, again, err)
		}
	})
}
