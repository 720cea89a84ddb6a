package match

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match/pool"
)

// lonely is a cluster of one.
type lonely struct{}

func (lonely) Node() string                 { return "n1" }
func (lonely) Tag() string                  { return "tag" }
func (lonely) Tagged(string) (string, bool) { return "", false }
func (lonely) Nodes() []string              { return nil }
func (lonely) Open() []string               { return nil }
func (lonely) Online() int                  { return 0 }
func (lonely) Away() bool                   { return false }
func (lonely) Send(string, []byte)          {}
func (lonely) Offer(Offer)                  {}
func (lonely) Taken(OfferID)                {}
func (lonely) Withdraw(OfferID)             {}

// waiting returns a session with something in all that a record has.
func waiting(t testing.TB) (*Hub, *session) {
	h := New(Options{Relay: anyRelay{}, Relays: anyRelay{}, Cluster: lonely{}, Patience: time.Hour})
	s := newSession(netip.MustParseAddr("192.0.2.1"), []string{"en", "de"})
	k := newSocket(h, s.addr, "chat.example")
	k.timer = time.NewTimer(time.Hour)
	h.sessions[s.id] = s
	h.countSessionLocked(s)
	h.attachLocked(s, k, 0)
	s.recent, s.blocked = []ident.Session{ident.NewSession()}, []ident.Session{ident.NewSession(), ident.NewSession()}
	s.cameFrom(netip.MustParseAddr("2001:db8::1"))
	s.port, s.reports = 4711, 2
	s.work = &work{rank: 15, salt: "salt", bits: 16, expires: h.opts.Now().Add(time.Minute), done: 14, until: h.opts.Now().Add(time.Hour)}
	s.pass = &passHash{1, 2, 3}
	h.passes.shown[*s.pass] = 1
	s.past = &past{pair: ident.NewPair(), partner: ident.NewSession(), of: new(trace), until: h.opts.Now().Add(time.Minute), report: "abcdefgh"}
	for range 5 {
		s.messages.take(h.opts.Now())
	}
	interests, err := pool.ParseInterests([]string{"Chess", "Ångström"})
	if err != nil {
		t.Fatal(err)
	}
	h.findLocked(s, pool.Video, interests)
	return h, s
}

// A session is the same where it comes from a record of its own.
func TestRecordHasEverything(t *testing.T) {
	h, s := waiting(t)
	first := h.recordOfLocked(s, 7)
	r, err := parseRecord(first.encode())
	if err != nil {
		t.Fatal(err)
	}
	other, _ := waiting(t)
	again := other.sessionOfLocked(r)
	again.link = newSocket(other, s.addr, "")
	second := other.recordOfLocked(again, 7)
	second.Past.Node = first.Past.Node
	for _, one := range []*sessionRecord{first, second} { // they are a moment apart
		for _, d := range []*time.Duration{&one.ICE, &one.Age, &one.Rested, &one.Waited, &one.Work.Open, &one.Work.Good, &one.Past.Left} {
			*d = d.Round(10 * time.Second)
		}
		one.Messages, one.Finds, one.Texts = float32(int(one.Messages+0.5)), 0, 0
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("from\n%s\ncame\n%s", first.encode(), second.encode())
	}
	v := reflect.ValueOf(*first)
	for i := range v.NumField() {
		switch name := v.Type().Field(i).Name; name {
		case "Followed", "Rested", "Age", "Waited", "Proved", "Finds", "Texts":
		default:
			if v.Field(i).IsZero() {
				t.Errorf("%s is not tested", name)
			}
		}
	}
}

// Records of the version after are read, what they have more is left out; others are not.
func TestRecordVersions(t *testing.T) {
	h, s := waiting(t)
	for version, good := range map[int]bool{recordVersion: true, recordVersion + 1: true, recordVersion + 2: false} {
		var fields map[string]any
		if err := json.Unmarshal(h.recordOfLocked(s, 7).encode(), &fields); err != nil {
			t.Fatal(err)
		}
		fields["v"], fields["later"] = version, []int{1}
		data, _ := json.Marshal(fields)
		if _, err := parseRecord(data); (err == nil) != good {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// What is read, is written and read again as it was; what is not does no harm.
func FuzzRecord(f *testing.F) {
	h, s := waiting(f)
	seed := h.recordOfLocked(s, 7).encode()
	f.Add(seed)
	f.Add(bytes.Replace(seed, []byte(`"v":1`), []byte(`"v":2,"more":{}`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err != nil {
			if !strings.Contains(err.Error(), ": ") {
				t.Errorf("%q names no field", err)
			}
			return
		}
		again, err := parseRecord(r.encode())
		if err != nil || !bytes.Equal(again.encode(), r.encode()) {
			t.Fatalf("read again: %v\n%s\n%s", err, again.encode(), r.encode())
		}
		other, _ := waiting(t)
		if other.sessionOfLocked(r).id != r.Session {
			t.Error("another session")
		}
	})
}

func FuzzFrame(f *testing.F) {
	one := frame{Kind: frameDown, Session: ident.NewSession(), Epoch: 3, Seq: 4, data: []byte(`{"type":"text"}`)}
	f.Add(one.encode())
	f.Add([]byte("{\"k\":\"mp\",\"offer\":\"00112233445566778899aabbccddeeff\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := parseFrame(data)
		if err != nil {
			return
		}
		again, err := parseFrame(one.encode())
		if err != nil || !bytes.Equal(again.encode(), one.encode()) || !bytes.Equal(again.data, one.data) {
			t.Fatalf("%v: %+v, not %+v", err, again, one)
		}
		h := New(Options{Relay: anyRelay{}, Cluster: lonely{}})
		h.Receive("n2", data)
	})
}
