package accounts

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Lasts is how long seats count that nobody tells of again.
const Lasts = 15 * time.Minute

// tagSize is that of whose an account is, as Redis has it, in bytes.
const tagSize = 15

//go:embed settle.lua
var settleSource string

var settleHash = func() string {
	sum := sha1.Sum([]byte(settleSource)) // by which Redis names scripts
	return hex.EncodeToString(sum[:])
}()

// Redis is what accounts need of a connection.
type Redis interface{ Client() rueidis.Client }

// Options of New. None may be left out but Now.
type Options struct {
	Key     [32]byte      // the cluster's
	Process string        // unlike any other's; at most 64 letters and digits
	Live    func() string // the other live processes with a space between each two; no more than a read

	Now func() time.Time // for tests; nil: Redis' clock
}

// Accounts are those of one node. Their methods are safe for concurrent use.
type Accounts struct {
	opts   Options
	redis  Redis
	key    []byte
	counts struct{ told, failed atomic.Uint64 }
}

// New returns the accounts of a node.
func New(redis Redis, opts Options) *Accounts {
	key, err := hkdf.Key(sha256.New, opts.Key[:], nil, "joingyd cluster tag: account", sha256.Size)
	if err != nil {
		panic("accounts: " + err.Error()) // the sizes are ours: cannot happen
	}
	return &Accounts{opts: opts, redis: redis, key: key}
}

// Entry is what a node tells of one account.
type Entry struct {
	Of string // whose it is

	Held   int // seats that are taken here,
	Wanted int // that would be taken beside those,
	Most   int // and that all nodes together have

	Weight float64 // what this node has against its holder, to a thousandth

	Score   Score
	Marks   Marks
	Buckets []Bucket // as many and in the same order each time
}

// Score is points of which a half goes in each HalfLife, which is not zero.
type Score struct {
	HalfLife time.Duration
	Most     float64
	Added    float64 // since it was last told
}

// Marks are things that happened, of which the youngest Most count, each for Window.
type Marks struct {
	Window time.Duration
	Most   int
	Added  int  // since it was last told
	Clear  bool // those before count no more
}

// Bucket is a token bucket. Its Rate is not zero.
type Bucket struct {
	Rate, Burst float64
	Spent       float64 // since it was last told
}

// Standing is what all nodes together have done, what was just told included. All of it is
// zero if it is not Known.
type Standing struct {
	Known     bool
	Elsewhere int             // seats that other nodes have taken
	Forgotten bool            // this node had none as far as Redis knew
	Weight    float64         // of other nodes, added up
	Points    float64         // of the score
	Marks     []time.Duration // how long ago each was, the oldest first
	Missing   []float64       // tokens of each bucket
}

// Settle tells what the entries say, and returns what all nodes have, in the same order.
// Entries of one account are told one after the other: call it again when it has returned.
func (a *Accounts) Settle(ctx context.Context, entries []Entry) []Standing {
	live := " " + a.opts.Live() + " "
	client := a.redis.Client()
	commands := make(rueidis.Commands, len(entries))
	names, args := a.names(entries), make([][]string, len(entries))
	for i, e := range entries {
		args[i] = a.args(e, live)
		commands[i] = client.B().Evalsha().Sha1(settleHash).Numkeys(1).Key(names[i]).Arg(args[i]...).Build()
	}
	standings := make([]Standing, len(entries))
	for i, result := range client.DoMulti(ctx, commands...) {
		if err, ok := rueidis.IsRedisErr(result.Error()); ok && err.IsNoScript() {
			eval := client.B().Eval().Script(settleSource).Numkeys(1).Key(names[i]).Arg(args[i]...).Build()
			result = client.Do(ctx, eval)
		}
		numbers, err := result.AsIntSlice()
		if err == nil {
			standings[i], err = read(numbers, entries[i])
		}
		if err != nil {
			a.counts.failed.Add(1)
			continue
		}
		a.counts.told.Add(1)
	}
	return standings
}

// names returns the keys of the accounts.
func (a *Accounts) names(entries []Entry) []string {
	mac, names := hmac.New(sha256.New, a.key), make([]string, len(entries))
	var sum [sha256.Size]byte
	for i, e := range entries {
		mac.Reset()
		mac.Write([]byte(e.Of))
		names[i] = "joingy:account:" + base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0])[:tagSize])
	}
	return names
}

// args are what the script is called with.
func (a *Accounts) args(e Entry, live string) []string {
	now, clear := "", "0"
	if a.opts.Now != nil {
		now = strconv.FormatInt(a.opts.Now().UnixMilli(), 10)
	}
	if e.Marks.Clear {
		clear = "1"
	}
	args := make([]string, 0, 15+3*len(e.Buckets))
	args = append(args, now, a.opts.Process, live, milliseconds(Lasts),
		strconv.Itoa(e.Held), strconv.Itoa(e.Wanted), strconv.Itoa(e.Most), strconv.Itoa(int(math.Round(1000*e.Weight))),
		number(e.Score.HalfLife.Seconds()), number(e.Score.Most), number(e.Score.Added),
		milliseconds(e.Marks.Window), strconv.Itoa(e.Marks.Most), strconv.Itoa(e.Marks.Added), clear)
	for _, b := range e.Buckets {
		args = append(args, number(b.Rate), number(b.Burst), number(b.Spent))
	}
	return args
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

var errAnswer = errors.New("accounts: the script's answer has another form: nodes of different versions?")

// read understands what the script returns.
func read(numbers []int64, e Entry) (s Standing, err error) {
	const head = 5
	if len(numbers) < head || numbers[4] < 0 || int64(len(numbers)) != head+numbers[4]+int64(len(e.Buckets)) {
		return s, errAnswer
	}
	s = Standing{
		Known: true, Elsewhere: int(numbers[0]), Forgotten: numbers[1] == 0,
		Weight: float64(numbers[2]) / 1000, Points: float64(numbers[3]) / 1000,
	}
	marks, missing := numbers[head:head+numbers[4]], numbers[head+numbers[4]:]
	for _, ms := range marks {
		s.Marks = append(s.Marks, time.Duration(ms)*time.Millisecond)
	}
	for _, n := range missing {
		s.Missing = append(s.Missing, float64(n)/1000)
	}
	return s, nil
}

// Stats are counts since New.
type Stats struct {
	Told   uint64 // entries
	Failed uint64 // that came to nothing
}

// Stats returns the counts of this moment.
func (a *Accounts) Stats() Stats {
	return Stats{a.counts.told.Load(), a.counts.failed.Load()}
}
