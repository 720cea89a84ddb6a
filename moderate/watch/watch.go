package watch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/pdq"
)

// Lifetime is how long a still is in memory at most, from when it was asked for.
const Lifetime = 10 * time.Second

const (
	defaultWorkers = 4
	defaultQueue   = 64
	maxHeld        = 1024 // stills of subjects, which wait for those of viewers
	maxSide        = 1024 // pixels
)

// Classifier says what an image shows. It is safe for concurrent use.
type Classifier interface {
	Classify(ctx context.Context, jpeg []byte) (classify.Verdict, error)
}

// Options of a Watch. Rules and Found are required.
type Options struct {
	Classifier Classifier // nil: only known images are found
	Known      *pdq.List  // nil: none is known
	Rules      []Rule
	// Hide is called as soon as something is found, before Found: what a rule wants done
	// at once. Nil: nothing is.
	Hide func(Finding)
	// Found is called with what was found, when the subject's own still was compared, or did
	// not come. Its JPEG is cleared when Found returns. Both may block; they are called by
	// Run's goroutines.
	Found   func(Finding)
	Workers int // stills looked at at once; 0: 4
	Queue   int // stills that wait for that; 0: 64
	Now     func() time.Time
	Log     *slog.Logger
}

// Still is one picture of a video chat.
type Still struct {
	Pair    string
	Subject string // session whose camera it is
	Viewer  string // session who sees it
	Self    bool   // the subject's browser made it, not the viewer's
	Moment  uint64 // the same for the two that were asked for at once
	At      time.Time
	JPEG    []byte // the Watch's own from now on
	Claim   *Claim // what the viewer's browser says of it; nil: it did not look

	Suspects []string // pseudonyms of the subject's addresses
	Seer     string   // pseudonym of the viewer's address
}

// Claim is what a viewer's browser says that a still shows. Nobody can check it: who posts
// a still can say anything of it.
type Claim struct {
	Model  string // that it should have asked
	Labels map[string]float64
}

// Support is whether the subject's own still agrees.
type Support string

// The kinds of support.
const (
	Supported   Support = "supported"   // the two look alike
	Unsupported Support = "unsupported" // they do not
	Unknown     Support = "unknown"     // there is none, or it has too little in it to compare
)

// Finding is a still that a rule wants something of.
type Finding struct {
	Still
	Labels   map[string]float64 // those that were found here
	Label    string             // of the rule that wants the most
	Score    float64            // of that label; of a known image, how near it is: 1 is the same
	Claimed  bool               // the viewer's browser says so, and nobody else
	Model    string             // of the classifier
	Rule     string
	Do       []Action
	Support  Support
	Distance int // between the two stills, in bits of 256, if both could be compared
}

// Stats are counts since the start, but for Waiting.
type Stats struct {
	Looked  uint64            // stills
	Found   map[string]uint64 // of them, what a rule was about, by its label
	Dropped uint64            // for want of room
	Late    uint64            // whose time was over
	Spoilt  uint64            // that are no pictures
	Failed  uint64            // that the classifier said nothing of
	Waiting int
}

// Watch looks at stills. Make one with New, and give it a goroutine with Run. Its
// methods are safe for concurrent use.
type Watch struct {
	opts  Options
	queue chan Still

	mu      sync.Mutex // guards what follows
	held    map[uint64]Still
	pending map[uint64]*Finding
	stats   Stats
	done    sync.WaitGroup // findings that are being told
	over    bool
}

// New returns a Watch.
func New(o Options) *Watch {
	o.Workers, o.Queue = cmp.Or(o.Workers, defaultWorkers), cmp.Or(o.Queue, defaultQueue)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Hide == nil {
		o.Hide = func(Finding) {}
	}
	return &Watch{opts: o, queue: make(chan Still, o.Queue), held: make(map[uint64]Still), pending: make(map[uint64]*Finding), stats: Stats{Found: make(map[string]uint64)}}
}

// Take takes a still and returns at once. It reports whether there was room for it.
func (w *Watch) Take(s Still) bool {
	if s.Self {
		return w.hold(s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		select {
		case w.queue <- s:
			return true
		default:
		}
	}
	w.stats.Dropped++
	clear(s.JPEG)
	return false
}

// hold keeps a subject's own still until the viewer's was looked at, or compares it with
// one that was found already.
func (w *Watch) hold(s Still) bool {
	if f := w.claim(s.Moment); f != nil {
		defer w.done.Done()
		w.finish(f, &s)
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || len(w.held) == maxHeld {
		w.stats.Dropped++
		clear(s.JPEG)
		return false
	}
	w.held[s.Moment] = s
	time.AfterFunc(w.left(s), func() { w.release(s.Moment) })
	return true
}

// claim returns the finding of a moment that waits for the subject's own still, nil if
// there is none or somebody else has it. Who gets it says when it is told: w.done.
func (w *Watch) claim(moment uint64) *Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.pending[moment]
	if f != nil {
		delete(w.pending, moment)
		w.done.Add(1)
	}
	return f
}

// left is how long a still may still be in memory.
func (w *Watch) left(s Still) time.Duration { return max(0, s.At.Add(Lifetime).Sub(w.opts.Now())) }

// release forgets a subject's own still.
func (w *Watch) release(moment uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, held := w.held[moment]; held {
		clear(s.JPEG)
		delete(w.held, moment)
	}
}

// Run looks at stills until ctx ends. When it returns, nothing is left of any.
func (w *Watch) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range w.opts.Workers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case s := <-w.queue:
					w.look(ctx, s)
				}
			}
		})
	}
	workers.Wait()
	w.mu.Lock()
	w.over = true
	for len(w.queue) > 0 {
		s := <-w.queue
		clear(s.JPEG)
	}
	for _, s := range w.held {
		clear(s.JPEG)
	}
	clear(w.held)
	left := w.pending
	w.pending = make(map[uint64]*Finding)
	w.mu.Unlock()
	for _, f := range left {
		w.finish(f, nil)
	}
	w.done.Wait()
}

// look looks at a viewer's still.
func (w *Watch) look(ctx context.Context, s Still) {
	left := w.left(s)
	if left == 0 {
		w.count(func(c *Stats) { c.Late++ })
		w.forget(s)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	f, err := w.judge(ctx, s)
	switch {
	case errors.Is(err, errSpoilt):
		w.count(func(c *Stats) { c.Spoilt++ })
	case err != nil:
		w.count(func(c *Stats) { c.Failed++ })
		w.opts.Log.Debug("a still was not classified", "error", err)
	}
	w.count(func(c *Stats) { c.Looked++ })
	if f == nil {
		w.forget(s)
		return
	}
	w.count(func(c *Stats) { c.Found[f.Label]++ })
	w.opts.Hide(*f)
	w.settle(f)
}

// errSpoilt is for a still that is no picture.
var errSpoilt = errors.New("watch: no JPEG of a sensible size")

// judge returns what a still shows that a rule is about, nil if nothing. What was found
// here goes before what is claimed, which only a person does anything about.
func (w *Watch) judge(ctx context.Context, s Still) (*Finding, error) {
	f := &Finding{Still: s, Labels: make(map[string]float64), Support: Unknown}
	if w.opts.Known != nil && w.opts.Known.Len() > 0 {
		picture, err := decode(s.JPEG)
		if err != nil {
			return nil, err
		}
		if c := w.opts.Known.Compare(picture); c.Outcome == pdq.Known {
			f.Labels[Known] = 1 - float64(c.Distance)/256
		}
	}
	var failed error
	if w.opts.Classifier != nil {
		verdict, err := w.opts.Classifier.Classify(ctx, s.JPEG)
		if failed = err; err == nil {
			f.Model = verdict.Model
			for label, score := range verdict.Labels {
				if label != Known {
					f.Labels[label] = score
				}
			}
		}
	}
	if rule, do := choose(w.opts.Rules, f.Labels); rule != nil {
		f.Label, f.Score, f.Rule, f.Do = rule.Label, f.Labels[rule.Label], rule.String(), do
		return f, failed
	}
	if s.Claim == nil {
		return nil, failed
	}
	claimed := maps.Clone(s.Claim.Labels)
	delete(claimed, Known) // that is found here or nowhere
	rule, do := choose(w.opts.Rules, claimed)
	if rule == nil || !slices.ContainsFunc(do, leavesDevice) {
		return nil, failed
	}
	f.Claimed, f.Model = true, s.Claim.Model
	f.Label, f.Score, f.Rule, f.Do = rule.Label, claimed[rule.Label], rule.String(), []Action{Queue}
	return f, failed
}

// settle tells of a finding when the subject's own still is there, or its time is over.
func (w *Watch) settle(f *Finding) {
	w.mu.Lock()
	self, held := w.held[f.Moment]
	delete(w.held, f.Moment)
	if !held {
		w.pending[f.Moment] = f
		w.mu.Unlock()
		time.AfterFunc(w.left(f.Still), func() {
			if f := w.claim(f.Moment); f != nil {
				defer w.done.Done()
				w.finish(f, nil)
			}
		})
		return
	}
	w.mu.Unlock()
	w.finish(f, &self)
}

// finish compares, tells, and clears.
func (w *Watch) finish(f *Finding, self *Still) {
	if self != nil {
		f.Support, f.Distance = compare(f.JPEG, self.JPEG)
		clear(self.JPEG)
	}
	w.opts.Found(*f)
	clear(f.JPEG)
}

// forget clears a still of which nothing is wanted, and the subject's own of the same
// moment.
func (w *Watch) forget(s Still) {
	clear(s.JPEG)
	w.release(s.Moment)
}

func (w *Watch) count(f func(*Stats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.stats)
}

// Stats returns what was counted.
func (w *Watch) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Found = maps.Clone(s.Found)
	s.Waiting = len(w.queue)
	return s
}

// compare says whether two stills look alike.
func compare(one, two []byte) (Support, int) {
	a, err := decode(one)
	if err != nil {
		return Unknown, 0
	}
	b, err := decode(two)
	if err != nil {
		return Unknown, 0
	}
	hashA, qualityA := pdq.Of(a)
	hashB, qualityB := pdq.Of(b)
	if qualityA < pdq.MinQuality || qualityB < pdq.MinQuality {
		return Unknown, 0
	}
	distance := hashA.Distance(hashB)
	if distance <= pdq.MaxDistance {
		return Supported, distance
	}
	return Unsupported, distance
}

// decode reads a still, if it is no larger than a still is.
func decode(data []byte) (image.Image, error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width > maxSide || config.Height > maxSide {
		return nil, errSpoilt
	}
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errSpoilt
	}
	return picture, nil
}
