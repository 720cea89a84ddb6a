//go:build !race

package main

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/front"
)

// A console is what a page of docs shows of a terminal: a ```console block, in
// which "$ " begins a command, "> " goes on with one, and the rest is what it
// prints, with standard error. "…" stands for anything, on a line of its own for
// any number of lines.
//
// IDs and times are not the same twice. What looks like one (it has a digit)
// stands for whatever is printed in its place, and from then on for that in
// commands as well. The admin of the page is alice, who runs the test.
type console struct {
	ts   *testscript.TestScript
	meet map[string]string // what the page calls it → what it is
}

// token is what differs from one run to the next: times, months, ids of sessions and of
// bans and reports.
var token = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|^\d{4}-\d\d |\b[a-z2-7]{26}\b|\b[a-z2-7]{8}\b|\balice\b| {2,}|…`)

// month begins a line of monthly figures.
var month = regexp.MustCompile(`^\d{4}-\d\d $`)

// pattern returns the regular expression for a printed line of the page, and what
// its groups are called there.
func (c *console) pattern(line string) (expression string, names []string) {
	last := 0
	for _, at := range token.FindAllStringIndex(line, -1) {
		text := line[at[0]:at[1]]
		expression += regexp.QuoteMeta(line[last:at[0]])
		last = at[1]
		switch {
		case text == "…":
			expression += ".*"
		case text == "alice":
			expression += regexp.QuoteMeta(userName())
		case month.MatchString(text):
			expression += `\d{4}-\d\d `
		case strings.HasPrefix(text, " "):
			expression += " +"
		case !strings.ContainsAny(text, "0123456789"): // a word
			expression += text
		default:
			expression += map[bool]string{true: `(\d{4}-\d\d-\d\dT[0-9:.]+Z)`, false: fmt.Sprintf("([a-z2-7]{%d})", len(text))}[strings.Contains(text, "T")]
			names = append(names, text)
		}
	}
	return "^" + expression + regexp.QuoteMeta(line[last:]) + " *$", names
}

// run types one command and compares what it prints.
func (c *console) run(command string, want []string) {
	for name, is := range c.meet {
		command = strings.ReplaceAll(command, name, is)
	}
	err := c.ts.Exec("sh", "-c", "exec 2>&1\n"+command)
	got := strings.Split(strings.TrimRight(c.ts.ReadFile("stdout"), "\n"), "\n")
	if len(got) == 1 && got[0] == "" {
		got = nil
	}
	fail := func(format string, args ...any) {
		c.ts.Fatalf("$ %s\n%s\n%s\nthe page says\n%s", command, strings.Join(got, "\n"), fmt.Sprintf(format, args...), strings.Join(want, "\n"))
	}
	if err != nil && !strings.Contains(strings.Join(want, "\n"), "joingyd: ") {
		fail("%v", err)
	}
	if err == nil && strings.Contains(strings.Join(want, "\n"), "joingyd: ") {
		fail("it was not refused")
	}
	for i, line := range want {
		if line == "…" {
			return
		}
		if i >= len(got) {
			fail("line %d is not printed", i+1)
		}
		expression, names := c.pattern(line)
		groups := regexp.MustCompile(expression).FindStringSubmatch(got[i])
		if groups == nil {
			fail("line %d is not as the page says", i+1)
		}
		for n, name := range names {
			if known, met := c.meet[name]; met && known != groups[n+1] && !strings.Contains(name, "T") {
				fail("%s was %s before and is %s", name, known, groups[n+1])
			}
			c.meet[name] = groups[n+1]
		}
	}
	if len(got) > len(want) {
		fail("more is printed")
	}
}

// scriptConsole types every console of pages, from top to bottom:
//
//	console FILE…
func scriptConsole(ts *testscript.TestScript, neg bool, args []string) {
	c := &console{ts: ts, meet: map[string]string{}}
	typed := 0
	for _, name := range args {
		inside, command, printed := false, "", []string(nil)
		flush := func() {
			if command != "" {
				c.run(command, printed)
				typed++
			}
			command, printed = "", nil
		}
		for line := range strings.Lines(ts.ReadFile(name)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case line == "```console":
				inside = true
			case line == "```":
				flush()
				inside = false
			case !inside:
			case strings.HasPrefix(line, "$ "):
				flush()
				command = line[2:]
			case strings.HasPrefix(line, "> "):
				command += "\n" + line[2:]
			default:
				printed = append(printed, line)
			}
		}
	}
	if neg || typed == 0 {
		ts.Fatalf("usage: console FILE…, and there is a console in one")
	}
	ts.Logf("%d commands typed", typed)
}

// scriptVisitors opens sessions at the site of the daemon that writes its ready
// line into a file, as a proxy does that the daemon trusts, two by two in a text
// chat, and closes them when the script ends. The second of each two reports the
// first:
//
//	visitors READYFILE ADDRESS ADDRESS…
func scriptVisitors(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: visitors READYFILE ADDRESS ADDRESS…")
	}
	site := regexp.MustCompile(`open (http://[^ ]+)`).FindStringSubmatch(ts.ReadFile(args[0]))
	if site == nil {
		ts.Fatalf("%s has no ready line", args[0])
	}
	var last *visitor
	for i, addr := range args[1:] {
		v, err := newVisitor(client.Options{URL: site[1], Header: http.Header{front.XForwardedFor: {addr}}})
		ts.Check(err)
		ts.Defer(v.leave)
		ts.Check(v.conn.Send(v.ctx, map[string]any{"type": "find", "mode": "text"}))
		if i%2 == 0 {
			_, err = v.wait("waiting")
			ts.Check(err)
			last = v
			continue
		}
		m, err := v.wait("matched")
		_, err2 := last.wait("matched")
		ts.Check(errors.Join(err, err2, v.conn.Send(v.ctx, map[string]any{"type": "report", "pair": m.Pair, "reason": "spam"})))
		_, err = v.wait("reported")
		ts.Check(err)
	}
}
