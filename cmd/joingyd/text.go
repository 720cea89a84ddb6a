package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// describe says what a ban is on, as far as the store knows.
func describe(b ban.Ban) string {
	switch {
	case b.Address != "":
		return b.Address
	case b.Kind == ban.KindPrefix:
		return b.Prefix.String()
	case b.Kind == ban.KindNet64:
		return "hidden /64"
	default:
		return "hidden address"
	}
}

// endText says when a ban ends, for programs and for people.
func endText(b ban.Ban, now time.Time) string {
	if b.Permanent() {
		return "never: permanent"
	}
	return fmt.Sprintf("%s (in %s)", timeText(b.Until), about(b.Until.Sub(now)))
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// about rounds a duration to one unit: 40s, 59m, 24h, 7d.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Round(time.Second).Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 3*24*time.Hour:
		return fmt.Sprintf("%dh", int(d.Round(time.Hour).Hours()))
	default:
		return fmt.Sprintf("%dd", int((d+12*time.Hour).Hours()/24))
	}
}

// printer keeps the first error of many prints.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// count says how many of what there are.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands writes a number that is not negative in groups of three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// several names the first few of a list, and how many more there are.
func several[T fmt.Stringer](list []T) string {
	const most = 3
	var names []string
	for _, one := range list[:min(most, len(list))] {
		names = append(names, one.String())
	}
	text := strings.Join(names, ", ")
	if more := len(list) - most; more > 0 {
		text += " and " + thousands(more) + " more"
	}
	return text
}

// printTable lines up what fill prints, columns between tabs.
func printTable(w io.Writer, fill func(*printer)) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	fill(p)
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}
