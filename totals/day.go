package totals

import (
	"fmt"
	"maps"
	"time"
)

// Figures count by the values of a closed set.
type Figures map[string]uint64

// Day is what there was on one day.
type Day struct {
	Day    string  `json:"day"`    // 2026-11-29, UTC
	Visits uint64  `json:"visits"` // sessions that began
	Chats  Figures `json:"chats"`  // that connected: see Totals.Chatted; by mode
	Bytes  uint64  `json:"bytes"`  // of application data that the relay carried

	// Of the visits, as far as they are counted: five at a time.
	Systems   Figures `json:"os"`
	Browsers  Figures `json:"browser"`
	Devices   Figures `json:"device"`
	Languages Figures `json:"language"`
	Stays     Figures `json:"lasted"` // of visits that ended
}

func newDay(name string) *Day {
	return &Day{Day: name, Chats: Figures{}, Systems: Figures{}, Browsers: Figures{}, Devices: Figures{}, Languages: Figures{}, Stays: Figures{}}
}

// clone returns a copy that shares nothing.
func (d *Day) clone() Day {
	c := *d
	for _, f := range []*Figures{&c.Chats, &c.Systems, &c.Browsers, &c.Devices, &c.Languages, &c.Stays} {
		*f = maps.Clone(*f)
	}
	return c
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// ParseDay checks a day's name.
func ParseDay(text string) error {
	if at, err := time.Parse(time.DateOnly, text); err != nil || dayOf(at) != text {
		return fmt.Errorf("%q is no day; write one such as 2026-11-29", text)
	}
	return nil
}

// stays are how long visits last, the shortest first.
var stays = []struct {
	below time.Duration
	name  string
}{
	{time.Minute, "under_1m"}, {5 * time.Minute, "under_5m"}, {15 * time.Minute, "under_15m"},
	{time.Hour, "under_1h"}, {4 * time.Hour, "under_4h"}, {1<<63 - 1, "longer"},
}

func stayOf(d time.Duration) string {
	for _, s := range stays {
		if d < s.below {
			return s.name
		}
	}
	return stays[len(stays)-1].name
}
