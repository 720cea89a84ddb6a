package iplog

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// An erasure whose process is killed at any step is completed by the next start.
func TestKilledWhileErasing(t *testing.T) {
	now := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	opts := Options{Seal: func(plain []byte) ([]byte, error) { return []byte("sealed"), nil }, Days: 10, Now: func() time.Time { return now }}
	q := Query{Address: netip.MustParseAddr("203.0.113.9")}
	for done := range 4 { // days that were rewritten when it was killed
		t.Run(fmt.Sprint(done), func(t *testing.T) {
			dir := t.TempDir()
			l, err := Open(dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			e := erasure{Tags: make(map[day]tag)}
			for n := range 3 {
				at := now.Add(time.Duration(n) * 24 * time.Hour)
				for _, addr := range []string{"203.0.113.9:1", "203.0.113.10:1"} {
					l.Add(Event{At: at, Session: "s", Address: netip.MustParseAddrPort(addr)})
				}
				l.Flush()
				k, err := l.readKey(dayOf(at))
				if err != nil {
					t.Fatal(err)
				}
				e.Tags[dayOf(at)] = k.of(q)
			}
			data, err := json.Marshal(e)
			if err == nil {
				err = l.dir.WriteFile("erase-1.json", data)
			}
			if err != nil {
				t.Fatal(err)
			}
			part := erasure{Tags: make(map[day]tag)}
			for n := range done {
				d := dayOf(now.Add(time.Duration(n) * 24 * time.Hour))
				part.Tags[d] = e.Tags[d]
			}
			if _, err := l.eraseLocked("erase-none.json", part); done > 0 && err == nil {
				t.Error("the erasure has ended, and was to be killed")
			}
			l.Close()

			if l, err = Open(dir, opts); err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if rows, err := l.Find(q); err != nil || len(rows) != 0 {
				t.Errorf("%d rows are left, %v", len(rows), err)
			}
			if rows, err := l.Find(Query{Address: netip.MustParseAddr("203.0.113.10")}); err != nil || len(rows) != 3 {
				t.Errorf("%d rows of another, %v", len(rows), err)
			}
		})
	}
}

// Whatever a line is, reading it neither panics nor invents a row; a row comes back as it
// was written.
func FuzzRow(f *testing.F) {
	r := row{At: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), Address: "00", Session: "11", Sealed: []byte("sealed")}
	f.Add(r.line())
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"sealed":"AA==","at":"x"}` + "\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var got row
		if json.Unmarshal(line, &got) != nil || len(got.Sealed) == 0 {
			return
		}
		var again row
		if err := json.Unmarshal(got.line(), &again); err != nil || !again.At.Equal(got.At) || again.Address != got.Address || string(again.Sealed) != string(got.Sealed) {
			t.Errorf("%q became %+v, %v", line, again, err)
		}
	})
}
