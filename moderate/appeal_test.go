package moderate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/joingyd/joingyd/moderate"
)

func appealing(by string, bans ...string) moderate.Appealing {
	a := moderate.Appealing{
		Receipt: moderate.NewReceipt(), Appellant: by,
		Parts: []moderate.Part{{Name: "appeal", Type: "application/json", At: noon, Data: []byte(`"let me in"`)}},
	}
	for _, id := range bans {
		a.Bans = append(a.Bans, moderate.AppealedBan{ID: id, Scope: "all", Reason: "spam", By: "ann", Until: noon.Add(time.Hour)})
	}
	return a
}

// appeal files an appeal, and returns its case.
func (f *fixture) appeal(a moderate.Appealing) *moderate.Case {
	f.t.Helper()
	id, err := f.Appeal(a)
	if err != nil {
		f.t.Fatal(err)
	}
	k, err := f.Get(id)
	if err != nil {
		f.t.Fatal(err)
	}
	return k
}

// An appeal waits in the queue, is held against nobody, and is decided as appeals are;
// its receipt tells of it, across a restart, until it is forgotten.
func TestAppeal(t *testing.T) {
	for do, counted := range map[moderate.Action]string{moderate.Uphold: "upheld", moderate.Lift: "lifted"} {
		f := open(t, nil)
		a := appealing("of-s", "ban1", "ban2")
		k := f.appeal(a)
		f.reopen()
		f.evidence.kept[k.ID] = a.Parts
		if k.Kind != moderate.KindAppeal || k.Gravity != moderate.Slight || len(k.Evidence) != 1 || !reflect.DeepEqual(k.Appeal.Bans, a.Bans) || len(k.Suspects)+len(k.Reports) != 0 {
			t.Errorf("%+v", k)
		}
		if queue := f.Queue(0); len(queue) != 1 || queue[0].ID != k.ID || queue[0].Appeal.By != "of-s" {
			t.Errorf("queue %+v", queue)
		}
		if risk := f.Risk([]string{"of-s"}); risk != 0 {
			t.Errorf("an appeal lifts the risk to %v", risk)
		}
		for _, wrong := range []moderate.Action{moderate.Ban, moderate.Dismiss, moderate.Warn} {
			_, err := f.Decide(k.ID, moderate.Decision{Do: wrong, By: "bob", Reason: "x"})
			if _, is := errors.AsType[moderate.ErrAction](err); !is {
				t.Errorf("%s of an appeal: %v", wrong, err)
			}
		}
		if got, err := f.Receipted(a.Receipt); err != nil || got.ID != k.ID || got.State != moderate.StateOpen {
			t.Errorf("receipt: %+v, %v", got, err)
		}
		if _, err := f.Receipted(moderate.NewReceipt()); !errors.Is(err, moderate.ErrNotFound) {
			t.Errorf("another receipt: %v", err)
		}
		f.decide(k.ID, "bob", do)
		if len(f.evidence.kept) != 0 {
			t.Errorf("what was written is still there: %v", f.evidence.kept)
		}
		if got, err := f.Receipted(a.Receipt); err != nil || got.Decision.Do != do || got.Decision.Reason == "" {
			t.Errorf("receipt: %+v, %v", got, err)
		}
		totals, err := f.Totals()
		if err != nil || !maps.Equal(totals[0].Appeals, map[string]int{"received": 1, counted: 1}) || len(totals[0].Decisions)+len(totals[0].Reports) != 0 {
			t.Errorf("totals %+v, %v", totals, err)
		}
		f.now = f.now.Add(91 * 24 * time.Hour)
		if err := f.Sweep(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Receipted(a.Receipt); !errors.Is(err, moderate.ErrNotFound) {
			t.Errorf("after 91 days: %v", err)
		}
	}
	f := open(t, nil)
	id := f.file("s", "spam", "a")
	if _, err := f.Decide(id, moderate.Decision{Do: moderate.Lift, By: "bob", Reason: "x"}); err == nil || !strings.Contains(err.Error(), `"lift" is no way`) {
		t.Errorf("lift of a report: %v", err)
	}
}

// One appeal waits of an address and of a narrow ban; of a network's as many as come.
func TestOneAppealAtATime(t *testing.T) {
	f := open(t, nil)
	first := f.appeal(appealing("a", "ban1"))
	wide := appealing("b", "net")
	wide.Bans[0].Prefix = "198.51.0.0/16"
	f.appeal(wide)
	wide.Appellant, wide.Receipt = "c", moderate.NewReceipt()
	f.appeal(wide)
	f.reopen()
	for name, again := range map[string]moderate.Appealing{"the address": appealing("a", "ban2"), "the ban": appealing("d", "ban1"), "the address of a network": wide} {
		if _, err := f.Appeal(again); !errors.Is(err, moderate.ErrAppealed) {
			t.Errorf("%s again: %v", name, err)
		}
	}
	f.decide(first.ID, "bob", moderate.Uphold)
	f.appeal(appealing("a", "ban1"))
	f.now = f.now.Add(31 * 24 * time.Hour)
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	f.appeal(appealing("a", "ban1")) // nobody has judged the last
	totals, err := f.Totals()
	if err != nil || totals[0].Appeals["expired"] != 3 || totals[0].Expired != 0 {
		t.Errorf("totals %+v, %v", totals, err)
	}
}

// What comes by forms is bounded, and is kept in full or not at all.
func TestFormsAreBounded(t *testing.T) {
	f := open(t, func(o *moderate.Options) { o.Forms = 2 })
	guardian := func(session, reporter string) error {
		filing := f.filing(session, moderate.Guardian, reporter)
		filing.Receipt = moderate.NewReceipt()
		_, err := f.File(filing)
		return err
	}
	for i := range 3 {
		_, err := f.Appeal(appealing(fmt.Sprint(i)))
		if want := i < 2; (err == nil) != want || !want && !errors.Is(err, moderate.ErrFull) {
			t.Errorf("appeal %d: %v", i, err)
		}
		f.now = f.now.Add(time.Second)
		if err := guardian(fmt.Sprint("s", i), fmt.Sprint("r", i)); (err == nil) != (i < 2) {
			t.Errorf("guardian %d: %v", i, err)
		}
	}
	if f.file("s9", "spam", "r9") == "" || f.Stats().Dropped != 2 {
		t.Errorf("a report has no room, or %d were dropped", f.Stats().Dropped)
	}
	for i := range 60 { // all about one session
		if err := guardian("s0", fmt.Sprint("t", i)); (err == nil) != (i < 49) {
			t.Fatalf("guardian %d of one session: %v", i, err)
		}
	}
	if k := f.Queue(1)[0]; len(k.Reports) != 50 || k.More != 0 || len(k.Evidence) != 50 {
		t.Errorf("%d reports, %d more, %d pieces", len(k.Reports), k.More, len(k.Evidence))
	}

	full := open(t, nil)
	full.evidence.broken = errors.New("no space left on device")
	a := appealing("a", "ban1")
	if _, err := full.Appeal(a); !errors.Is(err, full.evidence.broken) || full.Waiting() != 0 {
		t.Errorf("an appeal on a full disk: %v", err)
	}
	full.reopen()
	if _, err := full.Receipted(a.Receipt); !errors.Is(err, moderate.ErrNotFound) {
		t.Errorf("its receipt: %v", err)
	}
	full.evidence.broken = nil
	full.appeal(a)

	broken := open(t, func(o *moderate.Options) { o.Evidence = moderate.NewMemory(1) })
	_, err := broken.Appeal(moderate.Appealing{Receipt: moderate.NewReceipt(), Appellant: "a"})
	if !errors.Is(err, moderate.ErrNoRoom) || broken.Waiting() != 0 {
		t.Errorf("an appeal without words: %v", err)
	}
}

// Where two people are needed, nobody upholds what they banned.
func TestOwnBan(t *testing.T) {
	f := open(t, func(o *moderate.Options) { o.TwoPeople = true })
	k := f.appeal(appealing("a", "ban1"))
	if _, err := f.Decide(k.ID, moderate.Decision{Do: moderate.Uphold, By: "ann", Reason: "x"}); !errors.Is(err, moderate.ErrOwnBan) {
		t.Errorf("ann upheld her ban: %v", err)
	}
	f.decide(k.ID, "ann", moderate.Lift)
	alone := open(t, nil)
	k = alone.appeal(appealing("a", "ban1"))
	if !k.BannedBy("ann") || k.BannedBy("bob") {
		t.Error("who banned?")
	}
	alone.decide(k.ID, "ann", moderate.Uphold)
}

// A file from before there were appeals has reports only, and takes appeals.
func TestFileWithoutKinds(t *testing.T) {
	f := open(t, nil)
	id := f.file("s", "spam", "a")
	receipt := appealing("x", "y")
	f.appeal(receipt)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(f.path)
	if err != nil || bytes.Contains(raw, []byte(strings.ReplaceAll(receipt.Receipt.String(), "-", ""))) || bytes.Contains(raw, []byte("let me in")) {
		t.Errorf("the file has the receipt or the words; %v", err)
	}
	db, err := bbolt.Open(f.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { // as it was written then
		bucket := tx.Bucket([]byte("moderate/cases"))
		var fields map[string]any
		if err := json.Unmarshal(bucket.Get([]byte(id)), &fields); err != nil {
			return err
		}
		delete(fields, "kind")
		old, _ := json.Marshal(fields)
		return errors.Join(bucket.Put([]byte(id), old), tx.DeleteBucket([]byte("moderate/receipts")),
			tx.Bucket([]byte("moderate/totals")).Put([]byte("2026-10"), []byte(`{"month":"2026-10","expired":2}`)))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	f.Store = nil
	f.reopen()
	if k := f.decide(id, "ann", moderate.Dismiss); k.Kind != moderate.KindReport {
		t.Errorf("%+v", k)
	}
	f.appeal(appealing("z", "y2"))
	if totals, err := f.Totals(); err != nil || totals[1].Appeals == nil || totals[1].Expired != 2 {
		t.Errorf("%+v, %v", totals, err)
	}
}
