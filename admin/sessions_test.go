package admin_test

import (
	"encoding/json"
	"iter"
	"net/netip"
	"testing"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
)

// Sessions lists what was added, or the sessions that joined.
func (l *live) Sessions() iter.Seq[admin.Session] {
	return func(yield func(admin.Session) bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for id, addrs := range l.sessions {
			if !yield(admin.Session{ID: id, State: admin.SessionIdle, Since: noon, StateSince: noon, Address: addrs[len(addrs)-1]}) {
				return
			}
		}
		for _, s := range l.crowd {
			if !yield(s) {
				return
			}
		}
	}
}

// Detail knows that everybody has one allocation.
func (l *live) Detail(s *admin.Session) {
	s.Addresses, s.Allocations = 2, 1
	s.Sent, s.Received = admin.Traffic{Packets: 3, Bytes: 1500}, admin.Traffic{Packets: 1, Bytes: 200}
	l.details.Add(1)
}

func TestSessionsHideAddresses(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	four, six := f.live.join("203.0.113.6", "203.0.113.7"), f.live.join("2001:db8:1:2::7")
	got, err := client.Sessions(t.Context(), admin.SessionsRequest{})
	if err != nil || len(got.Sessions) != 2 || got.Total != 2 {
		t.Fatalf("Sessions = %+v, %v", got, err)
	}
	want := map[ident.Session]string{four: "203.0.113.0/24", six: "2001:db8:1::/48"}
	for _, s := range got.Sessions {
		full := admin.Session{
			ID: s.ID, State: admin.SessionIdle, Since: noon, StateSince: noon, Network: netip.MustParsePrefix(want[s.ID]),
			Addresses: 2, Allocations: 1, Sent: admin.Traffic{Packets: 3, Bytes: 1500}, Received: admin.Traffic{Packets: 1, Bytes: 200},
		}
		if s != full {
			t.Errorf("got  %+v\nwant %+v", s, full)
		}
	}
	inside, err := f.Service.Sessions(t.Context(), admin.SessionsRequest{})
	if err != nil || inside.Sessions[0].Address.IsValid() {
		t.Errorf("the service hands out %+v, %v", inside, err)
	}
	if f.log.Len() != 0 {
		t.Errorf("log = %s", f.log.String())
	}
}

// crowd is n sessions, of which number i came i seconds after noon, every second
// one waits, and number i has i%7 reports.
func crowd(n int) (sessions []admin.Session) {
	for i := range n {
		s := admin.Session{
			ID: ident.NewSession(), State: admin.SessionIdle, Since: noon.Add(time.Duration(i) * time.Second), StateSince: noon,
			Reports: i % 7, Address: netip.MustParseAddr("203.0.113.7"),
		}
		if i%2 == 1 {
			s.State = admin.SessionWaiting
		}
		sessions = append(sessions, s)
	}
	return sessions
}

func TestSessionsAreFilteredSortedAndCut(t *testing.T) {
	tests := []struct {
		req   admin.SessionsRequest
		total int
		want  []int // places in the crowd
	}{
		{admin.SessionsRequest{Limit: 3}, 5000, []int{0, 1, 2}},
		{admin.SessionsRequest{Limit: 3, Sort: admin.SortAge}, 5000, []int{0, 1, 2}},
		{admin.SessionsRequest{Limit: 3, Sort: admin.SortReports}, 5000, []int{6, 13, 20}},
		{admin.SessionsRequest{Limit: 3, State: admin.SessionWaiting}, 2500, []int{1, 3, 5}},
		{admin.SessionsRequest{Limit: 3, State: admin.SessionWaiting, Sort: admin.SortReports}, 2500, []int{13, 27, 41}},
		{admin.SessionsRequest{State: admin.SessionAway}, 0, nil},
	}
	for _, tt := range tests {
		f := newFixture(t)
		all := crowd(5000)
		for i := range all { // in no order
			f.live.crowd = append(f.live.crowd, all[(i*1709+3)%len(all)])
		}
		got, err := f.Service.Sessions(t.Context(), tt.req)
		if err != nil || got.Total != tt.total || len(got.Sessions) != len(tt.want) {
			t.Errorf("%+v: %d of %d sessions, %v; want %d of %d", tt.req, len(got.Sessions), got.Total, err, len(tt.want), tt.total)
			continue
		}
		for i, place := range tt.want {
			if got.Sessions[i].ID != all[place].ID {
				t.Errorf("%+v: number %d is %+v, want number %d of the crowd", tt.req, i, got.Sessions[i], place)
			}
		}
		if n := f.live.details.Load(); int(n) != len(tt.want) {
			t.Errorf("%+v: %d were looked at closely, want those that are listed, %d", tt.req, n, len(tt.want))
		}
	}
}

func TestSessionsDefaultLimit(t *testing.T) {
	f := newFixture(t)
	f.live.crowd = crowd(5000)
	got, err := f.Service.Sessions(t.Context(), admin.SessionsRequest{})
	if err != nil || len(got.Sessions) != 1000 || got.Total != 5000 || got.Sessions[999].ID != f.live.crowd[999].ID {
		t.Errorf("%d of %d sessions, %v", len(got.Sessions), got.Total, err)
	}
	if cap(got.Sessions) > 4000 {
		t.Errorf("there was room for %d sessions at a time, want few more than twice the limit", cap(got.Sessions))
	}
	got, err = f.Service.Sessions(t.Context(), admin.SessionsRequest{Limit: 4999})
	if err != nil || len(got.Sessions) != 4999 || got.Total != 5000 {
		t.Errorf("%d of %d sessions, %v", len(got.Sessions), got.Total, err)
	}
}

func TestSessionsOfNobody(t *testing.T) {
	f := newFixture(t)
	got, err := f.Service.Sessions(t.Context(), admin.SessionsRequest{})
	if text, _ := json.Marshal(got); err != nil || string(text) != `{"sessions":[],"total":0}` {
		t.Errorf("Sessions = %s, %v", text, err)
	}
	f.Service = admin.NewService(f.bans, nil)
	_, err = f.Service.Sessions(t.Context(), admin.SessionsRequest{})
	wantError(t, "without a daemon", err, admin.CodeUnavailable, "start it")
}

// The list is what a program reads: these names stay.
func TestSessionsInJSON(t *testing.T) {
	s := crowd(2)[1]
	s.Mode, s.Network = "text", netip.MustParsePrefix("203.0.113.0/24")
	text, err := json.Marshal(s)
	want := `{"id":"` + s.ID.String() + `","state":"waiting","mode":"text","since":"2026-03-01T12:00:01.0000005Z","state_since":"2026-03-01T12:00:00.0000005Z",` +
		`"network":"203.0.113.0/24","addresses":0,"reports":1,"allocations":0,"sent":{"packets":0,"bytes":0},"received":{"packets":0,"bytes":0}}`
	if err != nil || string(text) != want {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
}

// What the client sends the server reads.
func TestSessionsRequestsTravel(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	f.live.crowd = crowd(20)
	got, err := client.Sessions(t.Context(), admin.SessionsRequest{State: admin.SessionWaiting, Sort: admin.SortReports, Limit: 2})
	if err != nil || got.Total != 10 || len(got.Sessions) != 2 || got.Sessions[0].ID != f.live.crowd[13].ID {
		t.Errorf("Sessions = %+v, %v", got, err)
	}
	_, err = client.Sessions(t.Context(), admin.SessionsRequest{State: "a&limit=1"})
	wantError(t, "no state", err, admin.CodeInvalid, `"a&limit=1" is not a state`)
}
