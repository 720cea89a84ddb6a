package list

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// column is what a CSV column means.
type column int

const (
	columnUnknown column = iota
	columnTarget
	columnScope
	columnKind
	columnEnd
	columnReason
	columnSource
	columnOrigin
	columnSimulated
)

// columns are the usual names of columns: our own, and those that cscli writes
// and reads. Cells that say when a ban ends are told apart by what they hold, as
// cscli's "expiration" is a duration.
var columns = map[string]column{
	"value": columnTarget, "ip": columnTarget, "address": columnTarget, "prefix": columnTarget, "range": columnTarget, "target": columnTarget,
	"scope": columnScope,
	"type":  columnKind, "action": columnKind,
	"duration": columnEnd, "for": columnEnd, "until": columnEnd, "expires": columnEnd, "expiration": columnEnd,
	"reason":   columnReason,
	"scenario": columnSource, "comment": columnSource, "note": columnSource,
	"origin": columnOrigin, "source": columnOrigin,
	"simulated": columnSimulated,
}

// header tells what each column means.
type header []column

// headerless has the target in its first column, and nothing else.
var headerless = header{columnTarget}

// newHeader reads a first record. It is an error if no column, or more than
// one, tells what to ban.
func newHeader(fields []string) (header, error) {
	var h header
	var targets []string
	crowdSec := false
	for _, name := range fields {
		c := columns[strings.ToLower(strings.TrimSpace(name))]
		if c == columnTarget {
			targets = append(targets, shorten(name))
		}
		crowdSec = crowdSec || c == columnKind || c == columnOrigin
		h = append(h, c)
	}
	if len(targets) != 1 {
		return nil, fmt.Errorf("of the columns %q, %d say what to ban; name just one of them value, ip, address, prefix, range or target", shortenAll(fields), len(targets))
	}
	for i, c := range h {
		if c == columnReason && crowdSec {
			h[i] = columnSource // the name of a scenario
		}
	}
	return h, nil
}

// shortenAll shortens a record for a message.
func shortenAll(fields []string) (short []string) {
	for _, field := range fields[:min(len(fields), 12)] {
		short = append(short, shorten(field))
	}
	return short
}

// draft returns what a record says. Of several columns that mean the same, the
// first that is not empty counts.
func (h header) draft(line int, fields []string) draft {
	d := draft{line: line}
	cells := [...]*string{
		columnTarget: &d.target, columnScope: &d.scope, columnKind: &d.kind, columnEnd: &d.end,
		columnReason: &d.reason, columnSource: &d.source, columnOrigin: &d.origin, columnSimulated: &d.simulated,
	}
	for i, field := range fields[:min(len(fields), len(h))] {
		if cell := cells[h[i]]; cell != nil && *cell == "" {
			*cell = unguard(strings.TrimSpace(field))
		}
	}
	if d.scope == "" {
		d.scope, d.target = cutScope(d.target)
	}
	return d
}

// cutScope takes the scope from the front of what cscli decisions list -o raw
// writes: Ip:192.0.2.1, Country:FR.
func cutScope(text string) (scope, value string) {
	scope, value, found := strings.Cut(text, ":")
	isWord := strings.IndexFunc(scope, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
	if !found || !isWord || strings.Trim(scope, "0123456789abcdefABCDEF") == "" {
		return "", text // an IPv6 address
	}
	return scope, value
}

func readCSV(in *lines, out *sink) error {
	records := &records{lines: in}
	var h header
	for {
		line, why, err := records.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		fields := records.fields
		if why == "" && h == nil {
			if h = headerless; !isTarget(fields[0]) {
				if h, err = newHeader(fields); err != nil {
					return fmt.Errorf("line %d: %w", line, err)
				}
				continue
			}
		}
		if why == "" {
			why = h.misfit(fields)
		}
		if why != "" {
			err = out.refuse(line, strings.Join(fields, ","), why)
		} else if strings.Join(fields, "") != "" {
			err = out.add(h.draft(line, fields))
		}
		if err != nil {
			return err
		}
	}
}

// misfit returns why the record cannot be one under h.
func (h header) misfit(fields []string) (why string) {
	if len(h) > 1 && len(fields) > len(h) {
		return fmt.Sprintf("it has %d fields, and the header %d; put fields that contain a comma into quotes", len(fields), len(h))
	}
	if len(h) > 1 {
		return ""
	}
	for _, field := range fields[1:] {
		if isAddress(strings.TrimSpace(field)) {
			return "there are several addresses on the line, and no header says what they mean; write one a line, or a header"
		}
	}
	return ""
}

// isTarget reports whether text can be banned.
func isTarget(text string) bool {
	prefixes, why := rangeOf(text)
	return len(prefixes) > 0 || why != "" || isAddress(strings.TrimSpace(text))
}

// guard keeps a spreadsheet from taking a cell for a formula: it puts a ' in
// front of those that begin like one, or with a ' of their own.
// https://owasp.org/www-community/attacks/CSV_Injection
func guard(cell string) string {
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(cell, " "))
	if size > 0 && strings.ContainsRune("'=+-@＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}

// unguard undoes guard.
func unguard(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && guard(rest) == cell {
		return rest
	}
	return cell
}

// csvWriter writes a header and a record a target.
type csvWriter struct{ w *csv.Writer }

func newCSVWriter(w *bufio.Writer) csvWriter { return csvWriter{csv.NewWriter(w)} }

func (c csvWriter) begin() error { return c.w.Write([]string{"target", "scope", "until", "reason"}) }

func (c csvWriter) add(r row) error {
	until := "never"
	if !r.until.IsZero() {
		until = r.until.UTC().Format(time.RFC3339)
	}
	return c.w.Write([]string{r.target.String(), string(r.scope), until, guard(oneLine(r.reason))})
}

func (c csvWriter) end() error {
	c.w.Flush()
	return c.w.Error()
}
