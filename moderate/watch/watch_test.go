package watch_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/pdq"
	"github.com/joingyd/joingyd/moderate/watch"
)

// oracle is a classifier that is told what to say.
type oracle struct {
	labels map[string]float64
	err    error
	block  chan struct{} // nil: it answers at once
}

func (o *oracle) Classify(ctx context.Context, _ []byte) (classify.Verdict, error) {
	if o.block != nil {
		select {
		case <-o.block:
		case <-ctx.Done():
			return classify.Verdict{}, ctx.Err()
		}
	}
	return classify.Verdict{Model: "oracle", Labels: o.labels}, o.err
}

// picture returns a JPEG, the same for the same seed.
func picture(t *testing.T, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, 160, 120))
	for range 40 { // boxes
		x, y, c := random.IntN(140), random.IntN(100), color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
		for dx := range 40 {
			for dy := range 30 {
				img.Set(x+dx, y+dy, c)
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bench is a Watch that runs, and what it told.
type bench struct {
	*watch.Watch
	mu     sync.Mutex
	hidden []watch.Finding
	found  []watch.Finding // their JPEGs as they were
	stop   func()
}

func start(t *testing.T, o watch.Options) *bench {
	t.Helper()
	b := &bench{}
	o.Hide = func(f watch.Finding) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.hidden = append(b.hidden, f)
	}
	o.Found = func(f watch.Finding) {
		b.mu.Lock()
		defer b.mu.Unlock()
		f.JPEG = slices.Clone(f.JPEG)
		b.found = append(b.found, f)
	}
	b.Watch = watch.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { b.Run(ctx); close(ended) }()
	b.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(b.stop)
	return b
}

func rules(t *testing.T, texts ...string) []watch.Rule {
	t.Helper()
	list, err := watch.ParseRules(texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func still(self bool, jpeg []byte) watch.Still {
	return watch.Still{Pair: "p", Subject: "s", Viewer: "v", Self: self, Moment: 7, At: time.Now(), JPEG: jpeg}
}

func cleared(jpeg []byte) bool { return len(bytes.Trim(jpeg, "\x00")) == 0 }

// What no rule is about is forgotten at once, with the subject's own still.
func TestUnflaggedIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, watch.Options{Classifier: &oracle{labels: map[string]float64{"porn": 0.8, "neutral": 0.2}}, Rules: rules(t, "porn>=0.85: blur queue")})
		own, seen := picture(t, 1), picture(t, 1)
		b.Take(still(true, own))
		b.Take(still(false, seen))
		synctest.Wait()
		if !cleared(own) || !cleared(seen) {
			t.Error("a still that is not flagged is still there")
		}
		if len(b.found)+len(b.hidden) != 0 || b.Stats().Looked != 1 {
			t.Errorf("found %v, hidden %v, %+v", b.found, b.hidden, b.Stats())
		}
	})
}

// What a rule is about is hidden at once, and told when it was compared.
func TestFlagged(t *testing.T) {
	for name, test := range map[string]struct {
		own     uint64 // picture that the subject posts; 0: none
		first   bool   // and before the viewer's
		support watch.Support
		after   time.Duration
	}{
		"the same, first":     {1, true, watch.Supported, 0},
		"the same, afterward": {1, false, watch.Supported, time.Second},
		"another":             {2, true, watch.Unsupported, 0},
		"none":                {0, false, watch.Unknown, watch.Lifetime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, watch.Options{Classifier: &oracle{labels: map[string]float64{"porn": 0.9, "neutral": 0.9}}, Rules: rules(t, "neutral>=0.5: warn", "porn>=0.85: queue blur")})
				seen, own := picture(t, 1), picture(t, max(1, test.own))
				if test.first {
					b.Take(still(true, own))
				}
				began := time.Now()
				b.Take(still(false, seen))
				synctest.Wait()
				if len(b.hidden) != 1 || !reflect.DeepEqual(b.hidden[0].Do, []watch.Action{watch.Blur, watch.Warn, watch.Queue}) {
					t.Fatalf("hidden: %+v", b.hidden)
				}
				if !test.first && test.own != 0 {
					time.Sleep(time.Second)
					b.Take(still(true, own))
				} else {
					time.Sleep(test.after)
				}
				synctest.Wait()
				if len(b.found) != 1 || !maps.Equal(b.Stats().Found, map[string]uint64{"porn": 1}) {
					t.Fatalf("found: %+v, %+v", b.found, b.Stats())
				}
				f := b.found[0]
				if f.Support != test.support || f.Label != "porn" || f.Score != 0.9 || f.Model != "oracle" || f.Rule != "porn>=0.85: queue blur" || cleared(f.JPEG) {
					t.Errorf("found %+v", f)
				}
				if !cleared(seen) || test.own != 0 && !cleared(own) {
					t.Error("a still is there after it was told")
				}
				if took := time.Since(began); took > watch.Lifetime {
					t.Errorf("told after %v", took)
				}
			})
		})
	}
}

// knownPicture returns a list with one picture.
func knownPicture(t *testing.T, seed uint64) *pdq.List {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(picture(t, seed)))
	if err != nil {
		t.Fatal(err)
	}
	hash, quality := pdq.Of(img)
	list := &pdq.List{}
	if report, err := list.Import(strings.NewReader(hash.String()+",test"), ""); err != nil || list.Len() != 1 || quality < pdq.MinQuality {
		t.Fatalf("%+v, %v, quality %d", report, err, quality)
	}
	return list
}

// Known images are found without a classifier.
func TestKnownImages(t *testing.T) {
	known := knownPicture(t, 3)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, watch.Options{Known: known, Rules: rules(t, "known: end queue")})
		b.Take(still(false, picture(t, 3)))
		b.Take(still(false, picture(t, 4)))
		synctest.Wait()
		time.Sleep(watch.Lifetime)
		synctest.Wait()
		if len(b.found) != 1 || b.found[0].Label != watch.Known || b.found[0].Score < 0.9 {
			t.Errorf("found %+v", b.found)
		}
	})
}

// What is slow, down, or too much drops stills, and holds nobody up.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &oracle{block: make(chan struct{})}
		b := start(t, watch.Options{Classifier: slow, Rules: rules(t, "porn>=0.5: queue"), Workers: 2, Queue: 3})
		var stills [][]byte
		take := func() bool {
			synctest.Wait()
			stills = append(stills, picture(t, 1))
			return b.Take(still(false, stills[len(stills)-1]))
		}
		for i := range 5 {
			if !take() {
				t.Errorf("still %d was dropped", i+1)
			}
		}
		if take() || !cleared(stills[5]) {
			t.Error("there was room for one more")
		}
		time.Sleep(watch.Lifetime)
		synctest.Wait()
		if s := b.Stats(); s.Dropped != 1 || s.Failed != 2 || s.Late != 3 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
		for i, s := range stills {
			if !cleared(s) {
				t.Errorf("still %d is there after its time", i+1)
			}
		}
		close(slow.block)
		slow.err = errors.New("down")
		take()
		synctest.Wait()
		if s := b.Stats(); s.Failed != 3 || len(s.Found) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// At the end nothing is left, and what was found is told.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, watch.Options{Classifier: &oracle{labels: map[string]float64{"porn": 1}}, Rules: rules(t, "porn>=0.5: queue")})
		seen, own := picture(t, 1), picture(t, 2)
		b.Take(still(false, seen))
		other := still(true, own)
		other.Moment++
		b.Take(other)
		synctest.Wait()
		b.stop()
		if len(b.found) != 1 || b.found[0].Support != watch.Unknown || !cleared(seen) || !cleared(own) {
			t.Errorf("found %d; the stills are cleared: %v, %v", len(b.found), cleared(seen), cleared(own))
		}
		if late := picture(t, 1); b.Take(still(false, late)) || !cleared(late) {
			t.Error("a still was taken after the end")
		}
	})
}

// What is no picture, or a huge one, is not looked at.
func TestSpoiltStills(t *testing.T) {
	var huge bytes.Buffer
	if err := jpeg.Encode(&huge, image.NewGray(image.Rect(0, 0, 1025, 8)), nil); err != nil {
		t.Fatal(err)
	}
	known := knownPicture(t, 3)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, watch.Options{Known: known, Rules: rules(t, "known: queue")})
		for _, data := range [][]byte{[]byte("no picture"), picture(t, 1)[:300], huge.Bytes()} {
			b.Take(still(false, slices.Clone(data)))
		}
		synctest.Wait()
		if s := b.Stats(); s.Spoilt != 3 || len(s.Found) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestParseRule(t *testing.T) {
	for _, text := range []string{"porn>=0.85: blur queue", "known: end queue ban", "under-18>=1: queue"} {
		if r, err := watch.ParseRule("  " + text); err != nil || r.String() != text {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
	for text, why := range map[string]string{
		"":                     "is no rule",
		"porn":                 "is no rule",
		"porn: blur":           "the score of a label",
		"porn>=0: blur":        "the score of a label",
		"porn>=1.5: blur":      "the score of a label",
		"known>=0.9: blur":     "leave out the score",
		"porn>=0.9: permanent": `"permanent" is none of`,
		"porn>=0.9: ":          "is no rule",
		"Porn>=0.9: blur":      "is no rule",
	} {
		if _, err := watch.ParseRule(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %s", text, err, why)
		}
	}
}

// What a viewer's browser claims is left to a person, whatever the rule wants; what is
// found here is not, whoever posted it.
func TestClaims(t *testing.T) {
	known, shown := knownPicture(t, 3), picture(t, 3)
	for name, test := range map[string]struct {
		rules  []string
		labels map[string]float64
		jpeg   []byte
		want   *watch.Finding // nil: it is forgotten
	}{
		"more than a veil is for a person": {[]string{"porn>=0.9: blur warn end ban"}, map[string]float64{"porn": 0.95}, picture(t, 1),
			&watch.Finding{Label: "porn", Score: 0.95, Claimed: true, Model: "theirs", Do: []watch.Action{watch.Queue}}},
		"a veil is their own":  {[]string{"porn>=0.9: blur"}, map[string]float64{"porn": 0.95}, picture(t, 1), nil},
		"no rule is about it":  {[]string{"porn>=0.9: queue"}, map[string]float64{"porn": 0.89}, picture(t, 1), nil},
		"a known image is not": {[]string{"porn>=0.9: queue", "known: blur end"}, map[string]float64{"porn": 0.95}, shown, &watch.Finding{Label: "known", Score: 1, Do: []watch.Action{watch.Blur, watch.End}}},
		"nobody claims that":   {[]string{"known: end"}, map[string]float64{"known": 1}, picture(t, 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, watch.Options{Known: known, Rules: rules(t, test.rules...)})
				s := still(false, slices.Clone(test.jpeg))
				s.Claim = &watch.Claim{Model: "theirs", Labels: test.labels}
				b.Take(s)
				synctest.Wait()
				if test.want == nil {
					if len(b.hidden) != 0 || !cleared(s.JPEG) {
						t.Errorf("found %d times; cleared: %v", len(b.hidden), cleared(s.JPEG))
					}
					return
				}
				if len(b.hidden) != 1 {
					t.Fatalf("found %d times", len(b.hidden))
				}
				got := b.hidden[0]
				got = watch.Finding{Label: got.Label, Score: got.Score, Claimed: got.Claimed, Model: got.Model, Do: got.Do}
				if !reflect.DeepEqual(got, *test.want) {
					t.Errorf("got %+v, want %+v", got, *test.want)
				}
			})
		})
	}
}

func TestClaimable(t *testing.T) {
	list := rules(t, "porn>=0.9: blur queue", "porn>=0.6: blur", "drawing>=0.5: ban", "under-18>=0.5: queue", "known: queue")
	hide, post := watch.Claimable(list, []string{"drawing", "porn", "neutral"})
	wantHide, wantPost := map[string]float64{"porn": 0.6}, map[string]float64{"porn": 0.9, "drawing": 0.5}
	if !reflect.DeepEqual(hide, wantHide) || !reflect.DeepEqual(post, wantPost) {
		t.Errorf("got %v, %v; want %v, %v", hide, post, wantHide, wantPost)
	}
}
