package match_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	goclient "github.com/joingyd/joingyd/client"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/match/filter"
)

// Every example of docs/protocol.md is played through the hub, each in a hub of
// its own. An example is a fenced block marked joingy:
//
//	# something happens                 one of the events below
//	A → {"type":"leave"}                A's client sends this
//	B ← {"type":"left","seq":3,…}       B's client gets exactly this, next
//	B ← close 4503 banned               B's socket is closed by the daemon; without
//	                                    a reason any will do
//
// A2 is a further socket of visitor A. Lines that start with a space go on with
// the one before. "<pair>" and its like stand for what only the daemon knows: see
// kinds.
func TestExamplesOfTheReference(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(fmt.Sprintf("line %d", e.line), func(t *testing.T) {
			change := func(o *match.Options) {
				o.SessionsPerAddressMax = sessionsWithoutWork + 1
				o.MaxBitrate = e.maxBitrate()
				if e.looksAtB() {
					s := &studio{}
					o.Risk = s.risk
					o.Snapshots = match.Snapshots{Every: 2 * time.Second, Take: s.take}
					if slices.Contains(e.steps, "# "+inBrowsers) {
						o.Snapshots.Local = &match.Local{Labels: []string{"porn"}, Veil: map[string]float64{"porn": 0.85}, Post: map[string]float64{"porn": 0.9}}
					}
				}
				if slices.Contains(e.steps, "# "+passesForVideo) {
					proving(true, false)(o)
					o.SessionsPerAddressMax = sessionsWithoutWork + 1
				}
				o.Filter = match.Filter{Links: filter.Reject, Contacts: filter.Mask, MuteAfter: 2, MuteFor: 10 * time.Minute}
			}
			runWith(t, change, func(t *testing.T, f *fixture) {
				p := &player{f: f, t: t, sockets: map[string]*speaker{}, values: map[string]string{"policy": "v1"}}
				for i, step := range e.steps {
					if err := p.play(step); err != nil {
						t.Fatalf("docs/protocol.md, example at line %d, step %d, %s\n%v", e.line, i+1, step, err)
					}
				}
				if err := p.rest(); err != nil {
					t.Fatalf("docs/protocol.md, example at line %d: %v", e.line, err)
				}
			})
		})
	}
}

// sessionsWithoutWork is how many of an address the fixture's hub lets in.
const sessionsWithoutWork = 3

// example is one fenced block.
type example struct {
	line  int
	steps []string
}

func reference(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func examples(t *testing.T) (list []example) {
	t.Helper()
	inside := false
	for i, line := range strings.Split(reference(t), "\n") {
		switch {
		case line == "```joingy":
			inside = true
			list = append(list, example{line: i + 1})
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside && strings.HasPrefix(line, " "):
			steps := list[len(list)-1].steps
			steps[len(steps)-1] += strings.TrimSpace(line)
		case inside && line != "":
			list[len(list)-1].steps = append(list[len(list)-1].steps, line)
		}
	}
	if len(list) == 0 {
		t.Fatal("docs/protocol.md has no examples")
	}
	return list
}

// speaker is one socket of an example.
type speaker struct {
	conn   *websocket.Conn
	frames chan []byte
	err    error // after frames is closed
	ours   bool  // closed by the example itself
}

// player plays one example.
type player struct {
	f       *fixture
	t       *testing.T
	sockets map[string]*speaker
	values  map[string]string // of placeholders
}

var step = regexp.MustCompile(`^([A-Z]\d?) (→|←) (.*)$`)

func (p *player) play(text string) error {
	if event, ok := strings.CutPrefix(text, "# "); ok {
		return p.event(event)
	}
	m := step.FindStringSubmatch(text)
	switch {
	case m == nil:
		return fmt.Errorf("is neither an event nor a message")
	case m[2] == "→":
		return p.send(m[1], m[3])
	case strings.HasPrefix(m[3], "close "):
		return p.expectClose(m[1], strings.TrimPrefix(m[3], "close "))
	default:
		return p.expect(m[1], m[3])
	}
}

// address is where a visitor comes from: A from 192.0.2.1.
func address(name string) string { return fmt.Sprintf("192.0.2.%d", name[0]-'A'+1) }

func (p *player) socket(name string) *speaker {
	if s := p.sockets[name]; s != nil && !s.ours {
		return s
	}
	s := &speaker{conn: p.f.mustConnectRaw(address(name)), frames: make(chan []byte, 1000)}
	p.sockets[name] = s
	go func() {
		defer close(s.frames)
		for {
			_, data, err := s.conn.Read(context.Background())
			if err != nil {
				s.err = err
				return
			}
			s.frames <- data
		}
	}()
	return s
}

func (p *player) send(name, text string) error {
	var unknown error
	text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := found[1 : len(found)-1]
		if n, ok := strings.CutSuffix(name, " characters"); ok {
			if n, err := strconv.Atoi(n); err == nil {
				return strings.Repeat("x", n)
			}
		}
		value, ok := p.values[name]
		if name == "nonce" {
			value, ok = p.nonce(), true
		}
		if !ok {
			unknown = fmt.Errorf("nothing said what %s is", found)
		}
		return value
	})
	if unknown != nil {
		return unknown
	}
	if !json.Valid([]byte(text)) {
		return fmt.Errorf("is not JSON")
	}
	return p.socket(name).conn.Write(p.t.Context(), websocket.MessageText, []byte(text))
}

// next returns the frame that the daemon has sent to the socket next.
func (p *player) next(name string) ([]byte, error) {
	s := p.sockets[name]
	if s == nil {
		return nil, fmt.Errorf("%s has no socket", name)
	}
	synctest.Wait()
	select {
	case data, open := <-s.frames:
		if !open {
			return nil, fmt.Errorf("the socket ended: %w", s.err)
		}
		return data, nil
	default:
		return nil, fmt.Errorf("nothing came")
	}
}

func (p *player) expect(name, text string) error {
	data, err := p.next(name)
	if err != nil {
		return err
	}
	var got, want map[string]any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		return fmt.Errorf("is not a JSON object: %w", err)
	}
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	if err := p.equal("", got, want); err != nil {
		return fmt.Errorf("%s came: %w", data, err)
	}
	// The Go client knows every field.
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(new(goclient.Message)); err != nil {
		return fmt.Errorf("client.Message cannot hold %s: %w", data, err)
	}
	return nil
}

// equal compares all of a message with the example.
func (p *player) equal(at string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %v, want an object", at, got)
		}
		for key := range object {
			if _, ok := want[key]; !ok {
				return fmt.Errorf("the example has no %s.%s", at, key)
			}
		}
		for key, value := range want {
			field, ok := object[key]
			if !ok {
				return fmt.Errorf("there is no %s.%s", at, key)
			}
			if err := p.equal(at+"."+key, field, value); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is %v, want %v", at, got, want)
		}
		for i := range want {
			if err := p.equal(fmt.Sprintf("%s[%d]", at, i), list[i], want[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		if m := placeholder.FindStringSubmatch(want); m != nil && m[0] == want {
			return p.capture(at, got, m[1])
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s is %#v, want %#v", at, got, want)
	}
	return nil
}

var placeholder = regexp.MustCompile(`<([a-z0-9]+(?: [A-Za-z0-9]+)*)>`)

// kinds are the placeholders that an example may have, by their first word, and
// what must stand there.
var kinds = map[string]func(string) bool{
	"session":    func(s string) bool { _, err := ident.ParseSession(s); return err == nil },
	"pair":       func(s string) bool { _, err := ident.ParsePair(s); return err == nil },
	"resume":     func(s string) bool { return len(s) == 43 }, // 256 bits
	"time":       isTime,
	"url":        func(s string) bool { return strings.HasPrefix(s, "turn:") },
	"username":   func(s string) bool { return s != "" },
	"credential": func(s string) bool { return s != "" },
	"salt":       func(s string) bool { return len(s) == 22 }, // 128 bits
	"report":     func(s string) bool { return regexp.MustCompile(`^[a-z2-7]{8}$`).MatchString(s) },
	"policy":     func(s string) bool { return s != "" },
	"token":      func(s string) bool { return len(s) == 43 }, // 256 bits
	"proof":      func(s string) bool { return len(s) == 22 }, // 128 bits
	"checker":    func(s string) bool { return strings.HasPrefix(s, "https://age.example/") },
	"state":      func(s string) bool { return s != "" },
	"secret":     func(s string) bool { return s != "" },
}

// nonce does the work that <salt> asks for, of 14 bits.
func (p *player) nonce() string {
	for nonce := 0; ; nonce++ {
		text := strconv.Itoa(nonce)
		if hash := sha256.Sum256([]byte(p.values["salt"] + text)); hash[0] == 0 && hash[1]>>2 == 0 {
			return text
		}
	}
}

func isTime(s string) bool {
	at, err := time.Parse(time.RFC3339, s)
	return err == nil && at.Location() == time.UTC
}

// capture notes what a placeholder stands for, or checks that it is the same as
// before.
func (p *player) capture(at string, got any, name string) error {
	kind, _, _ := strings.Cut(name, " ")
	valid := kinds[kind]
	if valid == nil {
		return fmt.Errorf("<%s> is no placeholder that the test knows", name)
	}
	text, ok := got.(string)
	if before, seen := p.values[name]; !ok || !valid(text) || seen && before != text {
		return fmt.Errorf("%s is %v, which <%s> cannot stand for (it was %q)", at, got, name, before)
	}
	p.values[name] = text
	return nil
}

func (p *player) expectClose(name, want string) error {
	if data, err := p.next(name); err == nil {
		return fmt.Errorf("%s came", data)
	}
	s := p.sockets[name]
	if s == nil || s.err == nil {
		return fmt.Errorf("the socket is open")
	}
	closed, ok := errors.AsType[websocket.CloseError](s.err)
	if !ok {
		return fmt.Errorf("the socket ended with %w", s.err)
	}
	code, reason, exact := strings.Cut(want, " ")
	if code != fmt.Sprint(int(closed.Code)) || exact && reason != closed.Reason {
		return fmt.Errorf("closed with %d %s", closed.Code, closed.Reason)
	}
	s.ours = true
	return nil
}

// rest checks that the example left nothing out.
func (p *player) rest() error {
	synctest.Wait()
	for name, s := range p.sockets {
		select {
		case data, open := <-s.frames:
			if open {
				return fmt.Errorf("%s got this too: %s", name, data)
			} else if !s.ours {
				return fmt.Errorf("%s's socket ended: %w", name, s.err)
			}
		default:
		}
	}
	return nil
}

var relayTakes = regexp.MustCompile(`^the relay takes (\d+) bits a second of each$`)

// maxBitrate is the limit that the example is about, or 0.
func (e example) maxBitrate() int {
	for _, step := range e.steps {
		if m := relayTakes.FindStringSubmatch(strings.TrimPrefix(step, "# ")); m != nil {
			limit, _ := strconv.Atoi(m[1])
			return limit
		}
	}
	return 0
}

// looksAtB reports whether the example is about stills of B's picture.
func (e example) looksAtB() bool { return slices.Contains(e.steps, "# "+picturesOfB) }

const (
	picturesOfB    = "pictures of B are looked at"
	inBrowsers     = "browsers look at them themselves"
	passesForVideo = "a pass is needed for video chats"
)

// events are what examples may say between the messages.
var events = []struct {
	pattern *regexp.Regexp
	play    func(p *player, m []string) error
}{
	{regexp.MustCompile(`^([A-Z]\d?) opens a socket$`), func(p *player, m []string) error {
		p.socket(m[1])
		return nil
	}},
	{regexp.MustCompile(`^([A-Z]\d?)'s socket is lost$`), func(p *player, m []string) error {
		synctest.Wait()
		p.sockets[m[1]].ours = true
		return p.sockets[m[1]].conn.CloseNow()
	}},
	{regexp.MustCompile(`^([A-Z]\d?) closes the socket$`), func(p *player, m []string) error {
		synctest.Wait()
		p.sockets[m[1]].ours = true
		return p.sockets[m[1]].conn.Close(websocket.StatusNormalClosure, "")
	}},
	{regexp.MustCompile(`^(\d+) (s|minutes) pass$`), func(p *player, m []string) error {
		synctest.Wait()
		n, err := strconv.Atoi(m[1])
		time.Sleep(time.Duration(n) * map[string]time.Duration{"s": time.Second, "minutes": time.Minute}[m[2]])
		return err
	}},
	{regexp.MustCompile(`^([A-Z]) has a session$`), func(p *player, m []string) error {
		return p.setUp("text", m[1])
	}},
	{regexp.MustCompile(`^([A-Z]) and ([A-Z]) are in a (text|video) chat, <pair>$`), func(p *player, m []string) error {
		return p.setUp(m[3], m[1], m[2])
	}},
	{regexp.MustCompile(`^([A-Z]) sends (\d+) texts, which ([A-Z]) gets$`), func(p *player, m []string) error {
		n, _ := strconv.Atoi(m[2])
		for range n {
			if err := p.send(m[1], `{"type":"text","pair":"<pair>","id":"0","body":"x"}`); err != nil {
				return err
			}
			for _, name := range []string{m[1], m[3]} {
				if data, err := p.next(name); err != nil || bytes.Contains(data, []byte(`"rejected"`)) {
					return fmt.Errorf("%s got %s, %w", name, data, err)
				}
			}
		}
		return nil
	}},
	{regexp.MustCompile(`^([A-Z])'s address has as many sessions as (go without work|it may)$`), func(p *player, m []string) error {
		n := sessionsWithoutWork
		if m[2] == "it may" {
			n++
		}
		for range n {
			p.f.visit(address(m[1]))
		}
		return nil
	}},
	{regexp.MustCompile(`^the operator bans ([A-Z])( from video chats)? (for good|for an hour): ([a-z]+)$`), func(p *player, m []string) error {
		synctest.Wait()
		ban := match.Ban{Reason: m[4]}
		if m[3] != "for good" {
			ban.Until = time.Now().Add(time.Hour)
		}
		p.f.mu.Lock()
		bans := p.f.banned
		if m[2] != "" {
			bans = p.f.noVideo
		}
		bans[netip.MustParseAddr(address(m[1]))] = ban
		p.f.mu.Unlock()
		p.f.EnforceBans(nil)
		return nil
	}},
	{regexp.MustCompile(`^the site's traffic of the month is used up$`), func(p *player, _ []string) error {
		synctest.Wait()
		p.f.CloseVideo(time.Now().Add(time.Hour))
		return nil
	}},
	{regexp.MustCompile(`^the operator warns ([A-Z]): (.+)$`), func(p *player, m []string) error {
		id, err := ident.ParseSession(p.values["session "+m[1]])
		if err != nil || !p.f.Warn(id, m[2]) {
			return fmt.Errorf("there is no such session: %w", err)
		}
		return nil
	}},
	{regexp.MustCompile(`^the operator kicks ([A-Z])(?:: (.+))?$`), func(p *player, m []string) error {
		id, err := ident.ParseSession(p.values["session "+m[1]])
		if err != nil || !p.f.Kick(id, m[2]) {
			return fmt.Errorf("there is no such session: %w", err)
		}
		return nil
	}},
	{regexp.MustCompile("^" + inBrowsers + "$"), func(*player, []string) error { return nil }},  // the same
	{regexp.MustCompile("^" + picturesOfB + "$"), func(*player, []string) error { return nil }}, // from the start: see looksAtB
	{regexp.MustCompile(`^a program hides the picture of ([A-Z]): (.+)$`), func(p *player, m []string) error {
		id, err := ident.ParseSession(p.values["session "+m[1]])
		pair, failed := ident.ParsePair(p.values["pair"])
		if err = errors.Join(err, failed); err != nil || !p.f.Blur(pair, id, m[2]) {
			return fmt.Errorf("there is no such chat: %w", err)
		}
		return nil
	}},
	{regexp.MustCompile("^" + passesForVideo + "$"), func(p *player, _ []string) error { // from the start: see above
		p.values["pass"] = time.Now().Add(time.Hour).Format(time.RFC3339)
		return nil
	}},
	{regexp.MustCompile(`^three sessions have shown it$`), func(p *player, _ []string) error {
		for i := range 3 {
			c := p.f.visit(fmt.Sprintf("192.0.2.%d", 100+i))
			c.answerAge(`{"pass":"`+p.values["pass"]+`"}`, "")
		}
		return nil
	}},
	{relayTakes, func(*player, []string) error { return nil }}, // from the start: see maxBitrate
	{regexp.MustCompile(`^the daemon ends$`), func(p *player, _ []string) error {
		return p.f.Close(p.t.Context())
	}},
	{regexp.MustCompile(`^the next daemon starts$`), func(p *player, _ []string) error {
		p.f.restart()
		return nil
	}},
	{regexp.MustCompile(`^the relay takes no more pairs$`), func(p *player, _ []string) error {
		p.f.relay.mu.Lock()
		defer p.f.relay.mu.Unlock()
		clear(p.f.relay.live)
		return nil
	}},
}

func (p *player) event(text string) error {
	for _, e := range events {
		if m := e.pattern.FindStringSubmatch(text); m != nil {
			return e.play(p, m)
		}
	}
	return fmt.Errorf("is no event that the test knows")
}

// setUp brings visitors to where an example begins: one with a session, or two in
// a chat, of whom the first waited. Their first messages are not shown.
func (p *player) setUp(mode string, names ...string) error {
	find := `{"type":"find","mode":"` + mode + `"}`
	matched := `{"type":"matched","seq":%d,"pair":"<pair>","role":"%s","mode":"` + mode + `","common":[]}`
	for _, name := range names {
		welcome := fmt.Sprintf(`{"type":"welcome","seq":1,"session":"<session %[1]s>","resume":"<resume %[1]s>","online":%[2]d,"policy":"<policy>",
			"ice":{"servers":[{"urls":["<url>"],"username":"<username>","credential":"<credential>"}],"transportPolicy":"relay","expires":"<time of welcome %[1]s>"}}`, name, p.f.Online()+1)
		if err := p.send(name, hello); err != nil {
			return err
		}
		if err := p.expect(name, welcome); err != nil {
			return err
		}
	}
	if len(names) == 1 {
		return nil
	}
	a, b := names[0], names[1]
	for _, err := range []error{
		p.send(a, find), p.expect(a, `{"type":"waiting","seq":2,"mode":"`+mode+`","since":"<time of waiting>"}`), p.send(b, find),
		p.expect(a, fmt.Sprintf(matched, 3, "impolite")), p.expect(b, fmt.Sprintf(matched, 2, "polite")),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
