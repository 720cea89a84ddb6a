package list_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/joingyd/joingyd/ban/list"
)

// now is a time in a zone, so that times without one show how they are read.
var now = time.Date(2026, 8, 12, 13, 0, 0, 0, time.FixedZone("CEST", 2*60*60))

// render says what Read yielded: a line an item or error.
func render(item list.Item, err error) string {
	if refusal := (*list.Refusal)(nil); errors.As(err, &refusal) {
		return fmt.Sprintf("%d refused %s: %s", refusal.Line, refusal.Text, refusal.Why)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	text := fmt.Sprintf("%d %s", item.Line, item.Target)
	if !item.Until.IsZero() {
		text += " until " + item.Until.Format(time.RFC3339)
	}
	if item.Permanent {
		text += " permanent"
	}
	for _, part := range []struct{ name, text string }{{"scope", string(item.Scope)}, {"reason", item.Reason}, {"source", item.Source}} {
		if part.text != "" {
			text += " " + part.name + "=" + part.text
		}
	}
	return text
}

// read returns all that Read yields.
func read(r io.Reader, format list.Format) (got []string) {
	for item, err := range list.Read(r, format, now) {
		got = append(got, render(item, err))
	}
	return got
}

// check compares line by line. A line of want that ends in … is a prefix.
func check(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		start, isStart := strings.CutSuffix(w, "…")
		if g != w && !(isStart && strings.HasPrefix(g, start)) {
			t.Errorf("yielded %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

func TestReadSamples(t *testing.T) {
	tests := []struct {
		file   string
		format list.Format
		want   []string
	}{
		{"drop.txt", list.Plain, []string{
			"3 192.0.2.0/24 source=SBL256894",
			"4 198.51.100.0/25 source=SBL300001",
		}},
		{"firehol.netset", list.Plain, []string{"9 192.0.2.0/24", "10 198.51.100.0/24", "11 203.0.113.7"}},
		{"ipsum.txt", list.Plain, []string{"1 203.0.113.1 source=7", "2 203.0.113.2 source=6", "3 2001:db8::/64 source=3"}},
		{"spreadsheet.csv", list.CSV, []string{
			`2 192.0.2.1 until 2026-12-24T18:00:00Z source=said "hello", then spammed`,
			"3 198.51.100.0/24 until 2026-12-24T16:00:00Z source=whole network",
			"4 2001:db8:1::/48 permanent",
			"5 192.0.2.2",
		}},
		{"decisions-import.csv", list.CSV, []string{
			"2 192.0.2.11 until 2026-08-12T12:00:00Z source=manual import from csv (cscli)",
			"3 198.51.100.0/24 until 2026-08-14T23:00:00Z source=manual import from csv (cscli)",
		}},
		{"decisions-list.csv", list.CSV, []string{
			"2 192.0.2.21 until 2026-08-12T14:59:12Z source=crowdsecurity/ssh-bf (crowdsec)",
			"3 203.0.113.0/24 until 2026-08-13T10:58:31Z source=firehol_greensnow (lists)",
			"4 2001:db8::/64 until 2026-08-12T14:59:59Z source=manual 'ban' from 'localhost' (cscli)",
			`5 refused 192.0.2.22: its type is "captcha", and only ban can be imported…`,
			`6 refused FR: its scope is "Country", and only addresses can be banned…`,
			"7 refused 192.0.2.23: it ended at 2026-08-12T10:47:57Z…",
			"8 refused 192.0.2.24: it is simulated…",
		}},
		{"decisions-import.json", list.CrowdSec, []string{
			"2 192.0.2.31 until 2026-08-12T12:00:00Z source=manual import from json (cscli)",
			"10 198.51.100.0/25",
		}},
		{"decisions-list.json", list.CrowdSec, []string{
			"6 192.0.2.41 until 2026-08-12T14:59:12Z source=crowdsecurity/ssh-bf (crowdsec)",
			"16 refused 192.0.2.42: it ended at 2026-08-12T10:47:57Z…",
			"59 203.0.113.0/24 until 2026-08-19T11:00:00Z source=firehol_greensnow (lists)",
			`68 refused FR: its scope is "Country", and only addresses can be banned…`,
			`77 refused 192.0.2.43: its type is "captcha", and only ban can be imported…`,
			"86 refused 2001:db8::43: it is simulated…",
		}},
		{"decisions.jsonl", list.CrowdSec, []string{
			"1 192.0.2.51 until 2026-08-12T12:00:00Z source=spam (cscli)",
			"2 2001:db8::/64 until 2026-08-12T12:00:00Z",
		}},
		{"status.txt", list.Fail2ban, []string{"9 192.0.2.61 source=sshd", "9 198.51.100.61 source=sshd", "9 2001:db8::/64 source=sshd"}},
		{"status-all.txt", list.Fail2ban, []string{"11 192.0.2.62 source=sshd"}},
		{"banned.txt", list.Fail2ban, []string{"1 192.0.2.63 source=sshd", "1 2001:db8::/64 source=sshd", "1 192.0.2.63 source=recidive"}},
		{"banip.txt", list.Fail2ban, []string{"1 192.0.2.64", "1 198.51.100.64", "1 2001:db8::/64"}},
		{"banip-with-time.txt", list.Fail2ban, []string{
			"1 192.0.2.65 until 2026-08-12T11:41:07Z",
			"2 refused 192.0.2.66: it ended at 2026-08-12T08:51:07Z…",
			"3 2001:db8::/64 permanent",
		}},
		{"fail2ban.log", list.Fail2ban, []string{
			"2 192.0.2.70 source=sshd",
			"5 192.0.2.71 source=nginx",
			"7 192.0.2.72 until 2026-08-12T12:02:02Z source=sshd",
			"11 2001:db8::/64 source=sshd",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := list.Detect(text, tt.file); got != tt.format {
				t.Errorf("Detect = %s; want %s", got, tt.format)
			}
			check(t, read(strings.NewReader(string(text)), tt.format), tt.want)
			dos := "\ufeff" + strings.ReplaceAll(string(text), "\n", "\r\n")
			if got := list.Detect([]byte(dos), ""); got != tt.format {
				t.Errorf("with BOM and CRLF, Detect = %s; want %s", got, tt.format)
			}
			check(t, read(iotest.OneByteReader(strings.NewReader(dos)), tt.format), tt.want)
		})
	}
}

// longLine is longer than any line may be.
var longLine = strings.Repeat("x", 200_000)

// tooLong is the refusal of a line that begins with many of char.
func tooLong(line int, char string) string {
	return fmt.Sprintf("%d refused %s…: it is longer than 64 KiB; split it, or delete it", line, strings.Repeat(char, 59))
}

func TestReadPlain(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"comments", "\n  \n# one\n; two\n  # Größe \xff\n", nil},
		{"no newline at the end", "192.0.2.1", []string{"1 192.0.2.1"}},
		{"comment at once", "192.0.2.1#why\n192.0.2.2;", []string{"1 192.0.2.1 source=why", "2 192.0.2.2"}},
		{"tabs", "\t192.0.2.1\t# a\tb\t\n", []string{"1 192.0.2.1 source=a b"}},
		{"second column", "192.0.2.1 DE 12 # spam", []string{"1 192.0.2.1 source=spam"}},
		{"ends", "192.0.2.1 # until 2026-08-12T12:00:00Z; spam\n192.0.2.2 # permanent; spam\n192.0.2.3 # until further notice; spam",
			[]string{"1 192.0.2.1 until 2026-08-12T12:00:00Z source=spam", "2 192.0.2.2 permanent source=spam", "3 192.0.2.3 source=until further notice; spam"}},
		{"ended", "192.0.2.1 # until 2026-08-12T11:00:00Z", []string{"1 refused 192.0.2.1: it ended at 2026-08-12T11:00:00Z; delete it, or give it a later end"}},
		{"IPv6", "2001:db8::1\n2001:db8::1/128\n::ffff:192.0.2.1", []string{"1 2001:db8::/64", "2 2001:db8::1/128", "3 192.0.2.1"}},
		{"ranges", "192.0.2.4-::ffff:192.0.2.9\n192.0.2.7 - 192.0.2.7 # one\n255.255.255.254-255.255.255.255", []string{
			"1 192.0.2.4/30", "1 192.0.2.8/31", "2 192.0.2.7 source=one", "3 255.255.255.254/31",
		}},
		{"IPv6 ranges", "2001:db8::1-2001:db8::2\n2001:db8::1-2001:db9::1", []string{
			"1 2001:db8::1/128", "1 2001:db8::2/128", "2 refused 2001:db8::1-2001:db9::1: the range 2001:db8::1-2001:db9::1 makes more than 64 prefixes; write the prefixes that you mean",
		}},
		{"no ranges", "192.0.2.9-192.0.2.4\n192.0.2.1-2001:db8::1\n192.0.2.4-9\nfe80::1%eth0-fe80::2%eth0", []string{
			"1 refused 192.0.2.9-192.0.2.4: 192.0.2.9-192.0.2.4 is not a range; write the first address before the last…",
			"2 refused 192.0.2.1-2001:db8::1: 192.0.2.1-2001:db8::1 is not a range…",
			`3 refused 192.0.2.4-9: "192.0.2.4-9" is neither an address nor a prefix…`,
			"4 refused fe80::1%eth0-fe80::2%eth0: the range has a zone…",
		}},
		{"host bits", "10.0.0.5/8", []string{"1 refused 10.0.0.5/8: 10.0.0.5/8 has bits set behind the prefix; write 10.0.0.0/8 for the prefix, or 10.0.0.5 for one address"}},
		{"no targets", "example.org\n192.0.2.1,spam\ndeny 192.0.2.1;\n192.0.2.1\x00\n\xff\xfe1\x002", []string{
			`1 refused example.org: "example.org" is neither an address nor a prefix…`,
			`2 refused 192.0.2.1,spam: "192.0.2.1,spam" is neither…`,
			"3 refused deny 192.0.2.1;: there are several…",
			"4 refused 192.0.2.1\ufffd: \"192.0.2.1\\x00\" is neither…",
			`5 refused ` + "\ufffd" + `1` + "\ufffd" + `2: "\xff\xfe1\x002" is neither…`,
		}},
		{"two targets", "192.0.2.1 192.0.2.9\n192.0.2.0\t192.0.2.255\t24", []string{"1 refused 192.0.2.1 192.0.2.9: there are several addresses on the line…", "2 refused 192.0.2.0 192.0.2.255 24: there are several…"}},
		{"bad comments", "192.0.2.1 # \x1b[2J\n192.0.2.2 # \xff\n192.0.2.3 # a\u202eb", []string{
			"1 refused 192.0.2.1: its comment contains the control character U+001B; delete that",
			"2 refused 192.0.2.2: its comment is not UTF-8; convert the list, with iconv for example",
			"3 refused 192.0.2.3: its comment contains the control character U+202E; delete that",
		}},
		{"long comment", "192.0.2.1 # " + strings.Repeat("ü", 500), []string{"1 192.0.2.1 source=" + strings.Repeat("ü", 199) + "…"}},
		{"long lines", longLine + "\n192.0.2.1\n" + longLine, []string{tooLong(1, "x"), "2 192.0.2.1", tooLong(3, "x")}},
		{"the longest lines", strings.Repeat(" ", 64<<10-10) + "192.0.2.1\n" + strings.Repeat(" ", 64<<10-10) + "192.0.2.2", []string{"1 192.0.2.1", "2 192.0.2.2"}},
		{"a byte more", strings.Repeat(" ", 64<<10-9) + "192.0.2.1\n192.0.2.2", []string{"1 refused : it is longer than 64 KiB…", "2 192.0.2.2"}},
		{"ends where a piece does", strings.Repeat("x", 128<<10), []string{tooLong(1, "x")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, read(strings.NewReader(tt.text), list.Plain), tt.want) })
	}
}

func TestReadCSV(t *testing.T) {
	long := strings.Repeat("r", 201)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "\n# comment\n\n", nil},
		{"our own", "target,scope,until,reason\n192.0.2.1,video,2026-08-12T12:00:00Z,spam\n192.0.2.2,all,never,'=1+1\n", []string{
			"2 192.0.2.1 until 2026-08-12T12:00:00Z scope=video reason=spam", "3 192.0.2.2 permanent scope=all reason==1+1",
		}},
		{"guarded", "ip,reason\n192.0.2.1,''quoted'\n192.0.2.2,'tis\n192.0.2.3,'", []string{
			"2 192.0.2.1 reason='quoted'", "3 192.0.2.2 reason='tis", "4 192.0.2.3 reason='",
		}},
		{"a scenario is not for visitors", "value,reason,type\n192.0.2.1,crowdsecurity/ssh-bf,ban", []string{"2 192.0.2.1 source=crowdsecurity/ssh-bf"}},
		{"a reason and a note", "ip,reason,note\n192.0.2.1,spam,ticket 17", []string{"2 192.0.2.1 reason=spam source=ticket 17"}},
		{"no header", "192.0.2.1,spam\n192.0.2.4-192.0.2.5\n\n192.0.2.1,192.0.2.9", []string{
			"1 192.0.2.1", "2 192.0.2.4/31", "4 refused 192.0.2.1,192.0.2.9: there are several addresses on the line…",
		}},
		{"no target", "id,reason\n1,spam", []string{`error: line 1: of the columns ["id" "reason"], 0 say what to ban…`}},
		{"two targets", "ip,prefix\n192.0.2.0,24", []string{`error: line 1: of the columns ["ip" "prefix"], 2 say what to ban…`}},
		{"two ends", "value,duration,until\n192.0.2.1,1h,\n192.0.2.2,,1h\n", []string{"2 192.0.2.1 until 2026-08-12T12:00:00Z", "3 192.0.2.2 until 2026-08-12T12:00:00Z"}},
		{"fields", "ip,reason\n192.0.2.1\n192.0.2.2,spam, again\n,\n,spam", []string{
			"2 192.0.2.1", "3 refused 192.0.2.2,spam, again: it has 3 fields, and the header 2…", `5 refused : "" is neither…`,
		}},
		{"quotes", "ip,reason\n\"192.0.2.1\",\"a \"\"b\"\"\"\n\"192.0.2.2\"x,spam\n192.0.2.3,a \"b\"\n192.0.2.4,spam", []string{
			`2 192.0.2.1 reason=a "b"`, "3 refused 192.0.2.2: there is text behind a closing quote…", "4 refused 192.0.2.3: there is a quote inside a field…", "5 192.0.2.4 reason=spam",
		}},
		{"over lines", "ip,reason\n192.0.2.1,\"a\n192.0.2.9\"\n192.0.2.2,spam", []string{
			"2 refused 192.0.2.1: its reason contains the control character U+000A; delete that", "4 192.0.2.2 reason=spam",
		}},
		{"never closed", "ip,reason\n192.0.2.1,spam\n192.0.2.2,\"spam\n192.0.2.3,spam", []string{
			"2 192.0.2.1 reason=spam", "3 refused 192.0.2.2: a quote is opened and never closed…",
		}},
		{"too long", "ip,reason\n192.0.2.1," + longLine + "\n192.0.2.2,spam", []string{"2 refused : it is longer than 64 KiB…", "3 192.0.2.2 reason=spam"}},
		{"too long in quotes", "ip,reason\n192.0.2.1,\"" + longLine + "\n192.0.2.9,\"\"\n192.0.2.9\"\n192.0.2.2,spam", []string{"2 refused : it is longer than 64 KiB…", "5 192.0.2.2 reason=spam"}},
		{"too long over lines", "ip,reason\n192.0.2.1,\"" + strings.Repeat("x\n", 50_000) + "192.0.2.9\"\n192.0.2.2,spam", []string{"2 refused 192.0.2.1,: it is longer than 64 KiB…", "50003 192.0.2.2 reason=spam"}},
		{"ends where a piece does", "ip,reason\n" + strings.Repeat("x", 128<<10), []string{"2 refused : it is longer than 64 KiB…"}},
		{"scopes", "value,scope\nIp:192.0.2.1,\nAS:64500,\n2001:db8::1,\nfe80::1,range\n192.0.2.2,username\n192.0.2.3,Relay", []string{
			"2 192.0.2.1", `3 refused 64500: its scope is "AS"…`, "4 2001:db8::/64", "5 fe80::/64", `6 refused 192.0.2.2: its scope is "username"…`, "7 192.0.2.3 scope=relay",
		}},
		{"ends", "ip,for\n192.0.2.1,90m\n192.0.2.2,0s\n192.0.2.3,7d\n192.0.2.4,1d12h\n192.0.2.5,-1\n192.0.2.6,87600h\n192.0.2.7,87601h\n192.0.2.8,99999999999d\n192.0.2.8,4000000000d\n192.0.2.9,3600\n192.0.2.10,d\n192.0.2.11,1d-1h", []string{
			"2 192.0.2.1 until 2026-08-12T12:30:00Z", "3 refused 192.0.2.2: it ended at 2026-08-12T11:00:00Z…", "4 192.0.2.3 until 2026-08-19T11:00:00Z",
			"5 192.0.2.4 until 2026-08-13T23:00:00Z", "6 192.0.2.5 permanent", "7 192.0.2.6 until 2036-08-09T11:00:00Z", "8 192.0.2.7 permanent",
			`9 refused 192.0.2.8: its end "99999999999d" is neither a duration nor a time…`, "10 192.0.2.8 permanent", `11 refused 192.0.2.9: its end "3600" is neither a duration nor a time; write one like 90m, 7d, 2026-08-13T11:00:00Z or never`,
			"12 refused 192.0.2.10…", "13 refused 192.0.2.11…",
		}},
		{"long reason", "ip,reason\n192.0.2.1," + long + "\n192.0.2.2," + long[1:], []string{
			"2 refused 192.0.2.1: its reason has 201 characters; shorten it to 200", "3 192.0.2.2 reason=" + long[1:],
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, read(strings.NewReader(tt.text), list.CSV), tt.want) })
	}
}

func TestReadCrowdSec(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"no decisions", "null", nil},
		{"empty", "[]\n", nil},
		{"one", `{"value":"192.0.2.1","duration":"4h0m0s"}`, []string{"1 192.0.2.1 until 2026-08-12T15:00:00Z"}},
		{"end as a time", `{"value":"192.0.2.1","until":"2026-08-12T12:00:00Z"}`, []string{"1 192.0.2.1 until 2026-08-12T12:00:00Z"}},
		{"no value", `[{"id":1}]`, []string{"1 refused : it has no value…"}},
		{"no objects", `["192.0.2.1", 7, true, null, [{"value":"192.0.2.2"}]]`, []string{"1 refused 192.0.2.1: it is not a decision…", "1 refused 7…", "1 refused true…", "1 192.0.2.2"}},
		{"no texts", `[{"value":{"value":"192.0.2.1"}},{"value":7},{"value":"192.0.2.1","duration":3600}]`, []string{
			`1 refused {: "{" is neither…`, `1 refused 7: "7" is neither…`, `1 refused 192.0.2.1: its end "3600" is neither…`,
		}},
		{"nul", `{"value":"192.0.2.1","scenario":"a\u0000b"}`, []string{"1 refused 192.0.2.1: its comment contains the control character U+0000…"}},
		{"cut off", "[{\"value\":\"192.0.2.1\"},\n{\"value\":\"192.0", []string{
			"1 192.0.2.1", "error: line 2: this is not what cscli decisions list -o json writes: unexpected EOF; write it anew, and import again",
		}},
		{"cut off between", `[{"value":"192.0.2.1"}`, []string{"1 192.0.2.1", "error: line 1: this is not what cscli…"}},
		{"no JSON", "[{\"value\":\"192.0.2.1\"},\n{'value'}]", []string{"1 192.0.2.1", "error: line 2: this is not what cscli decisions list -o json writes: invalid character…"}},
		{"too long", "\n{\"value\":\"" + longLine + `"}`, []string{"error: line 2: this is not what cscli decisions list -o json writes: a value is longer than 64 KiB…"}},
		{"too deep", strings.Repeat("[", 100_000), []string{"error: line 1: this is not what cscli decisions list -o json writes: it is nested too deeply…"}},
		{"too deep to skip", `{"events":` + strings.Repeat("[", 100_000), []string{"error: line 1: this is not what cscli decisions list -o json writes: it is nested too deeply…"}},
		{"alerts in alerts", strings.Repeat(`{"decisions":[`, 100_000), []string{"error: line 1: this is not what cscli decisions list -o json writes: it is nested too deeply…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, read(strings.NewReader(tt.text), list.CrowdSec), tt.want) })
	}
}

func TestReadFail2ban(t *testing.T) {
	// Longer than the longest line, so it is read in pieces; the words' lengths
	// vary, so that pieces end within them.
	var many, want []string
	for i := range 20_000 {
		address := fmt.Sprintf("198.51.%d.%d", i/250, i%250)
		many, want = append(many, address), append(want, "1 "+address)
	}
	// The last piece that fits ends with a space.
	aligned := "192.0.2.1" + strings.Repeat(" ", 64<<10-9) + "192.0.2.2"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "\n", nil},
		{"none", "[{'sshd': []}]", nil},
		{"many", strings.Join(many, " ") + "\n", want},
		{"many in Python", "[" + "'" + strings.Join(many, "', '") + "'" + "]", want},
		{"aligned", aligned, []string{"1 192.0.2.1", "1 192.0.2.2"}},
		{"carriage returns", strings.ReplaceAll(aligned, " ", "\r"), []string{"1 192.0.2.1", "1 192.0.2.2"}},
		{"commas", "192.0.2.1,192.0.2.2", []string{"1 192.0.2.1", "1 192.0.2.2"}},
		{"one a line", "192.0.2.1\n192.0.2.2\n", []string{"1 192.0.2.1", "2 192.0.2.2"}},
		{"words", "192.0.2.1 evil 192.0.2.2", []string{"1 192.0.2.1", `1 refused evil: "evil" is neither…`, "1 192.0.2.2"}},
		{"told to the log", "x fail2ban.filter [1]: DEBUG Matched user IP list: 192.0.2.9\nx fail2ban.filter [1]: INFO [a] Found fail2ban.actions [1]: NOTICE [a] Ban 192.0.2.9", nil},
		{"old status", "`- action\n   |- IP list:\t192.0.2.1 \n", []string{"2 192.0.2.1"}},
		{"old log", "2014-08-12 12:00:01,310 fail2ban.actions: WARNING [ssh] Ban 192.0.2.1", []string{"1 192.0.2.1 source=ssh"}},
		{"journal", "Aug 12 12:12:00 example fail2ban[812]: [sshd] Ban 192.0.2.1", []string{"1 192.0.2.1 source=sshd"}},
		{"banned for good", "x fail2ban.actions [1]: NOTICE [a] Ban 192.0.2.1\nx fail2ban.observer [1]: NOTICE [a] Increase Ban 192.0.2.1 (3 # permanent -> infinite)", []string{"2 192.0.2.1 permanent source=a"}},
		{"not fail2ban", "deny from 192.0.2.1", []string{"1 refused deny from 192.0.2.1: fail2ban-client prints no such line…"}},
		{"too long", longLine + "\n192.0.2.1\n[" + longLine + "\n192.0.2.2", []string{tooLong(1, "x"), "2 192.0.2.1", tooLong(3, "x"), "4 192.0.2.2"}},
		{"ends where a piece does", strings.Repeat("x", 128<<10), []string{tooLong(1, "x")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, read(strings.NewReader(tt.text), list.Fail2ban), tt.want) })
	}
}

func TestReadPassesErrorsOn(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, format := range list.Readable() {
		head := "192.0.2.1\n"
		if format == list.CrowdSec {
			head = `{"value": "192.0.2.1"}`
		}
		var last error
		n := 0
		for _, err := range list.Read(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), format, now) {
			last = err
			n++
		}
		if n != 2 || !errors.Is(last, broken) {
			t.Errorf("%s: %d yielded, the last error is %v; want an item and %v", format, n, last, broken)
		}
	}
}

func TestReadStopsWhenTold(t *testing.T) {
	texts := map[list.Format]string{
		list.Plain:    "192.0.2.1\n192.0.2.2\n",
		list.CSV:      "192.0.2.1\n192.0.2.2\n",
		list.CrowdSec: `[{"decisions":[{"value":"192.0.2.1"},{"value":"192.0.2.2"}]}]`,
		list.Fail2ban: "192.0.2.1 192.0.2.2\n192.0.2.3",
	}
	for _, format := range list.Readable() {
		for _, bad := range []string{"192.0.2.1", "nonsense"} {
			n := 0
			for range list.Read(strings.NewReader(strings.Replace(texts[format], "192.0.2.1", bad, 1)), format, now) {
				n++
				break // going on would panic
			}
			if n != 1 {
				t.Errorf("%s, %s: %d yielded; want 1", format, bad, n)
			}
		}
	}
}

func TestReadUnknownFormat(t *testing.T) {
	for _, format := range []list.Format{"", "yaml", list.NFT} {
		check(t, read(strings.NewReader("192.0.2.1"), format), []string{fmt.Sprintf(`error: the format %q is none of ["plain" "csv" "crowdsec" "fail2ban"]; choose one of these`, string(format))})
	}
}

// A line costs the text that its target keeps, and nothing that grows.
func TestReadAllocations(t *testing.T) {
	const n = 10_000
	text := strings.Repeat("198.51.100.77\n", n)
	allocs := testing.AllocsPerRun(5, func() {
		for item, err := range list.Read(strings.NewReader(text), list.Plain, now) {
			if err != nil || item.Line == 0 {
				t.Fatal(item, err)
			}
		}
	})
	if allocs > n+100 {
		t.Errorf("%.0f allocations for %d lines; want 1 a line", allocs, n)
	}
}

func TestDetect(t *testing.T) {
	tests := []struct {
		head, name string
		want       list.Format
	}{
		{"", "", list.Plain},
		{"192.0.2.1", "", list.Plain},
		{"192.0.2.1 # a + b = c, d", "", list.Plain},
		{"192.0.2.1 spam", "", list.Plain},
		{"# fail2ban\n192.0.2.1", "", list.Plain},
		{"value\n192.0.2.1", "", list.CSV},
		{"\"IP\",\"Reason\"\n", "", list.CSV},
		{"192.0.2.1,spam", "", list.CSV},
		{"192.0.2.1", "bans.csv", list.CSV},
		{"192.0.2.1", "/tmp/BANS.CSV", list.CSV},
		{"  \n[{", "", list.CrowdSec},
		{"[]", "", list.CrowdSec},
		{"{\"value\"", "bans.csv", list.CrowdSec},
		{"[{'sshd'", "", list.Fail2ban},
		{"192.0.2.1 192.0.2.2", "", list.Fail2ban},
	}
	for _, tt := range tests {
		if got := list.Detect([]byte(tt.head), tt.name); got != tt.want {
			t.Errorf("Detect(%q, %q) = %s; want %s", tt.head, tt.name, got, tt.want)
		}
	}
}

func ExampleRead() {
	text := "192.0.2.0/24 ; SBL256894\nexample.org\n"
	for item, err := range list.Read(strings.NewReader(text), list.Plain, time.Now()) {
		if refusal := (*list.Refusal)(nil); errors.As(err, &refusal) {
			fmt.Println("refused", refusal.Text)
		} else if err != nil {
			fmt.Println(err)
		} else {
			fmt.Println(item.Target, item.Source)
		}
	}
	// Output:
	// 192.0.2.0/24 SBL256894
	// refused example.org
}
