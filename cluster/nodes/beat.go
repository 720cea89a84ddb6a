package nodes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

const (
	namesKey = "joingy:nodes"
	maxNames = 1024 // that are read
	forgetAt = 10   // beats without a record, after which a name is taken out of the set
)

func nodeKey(name string) string  { return "joingy:node:{" + name + "}" }
func drainKey(name string) string { return "joingy:drain:{" + name + "}" }

// writeScript writes a record unless another incarnation's is there. KEYS: the record's
// key. ARGV: the incarnation; one whose record may be replaced, or ""; the record; its
// life in ms. It returns 1 if it was written.
var writeScript = rueidis.NewLuaScript(`
local old = redis.call('GET', KEYS[1])
if old then
  local owner = string.match(old, '^(%S+) %S+ {')
  if owner and owner ~= ARGV[1] and owner ~= ARGV[2] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`)

// beat reads who is there, writes this node's record, and takes over what it read. Its
// error is a refusal, errWaiting, or Redis'.
func (r *Registry) beat(ctx context.Context) error {
	texts, wish, err := r.read(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	self := r.Self()
	records, own, unfit := r.decode(self, texts)
	r.mu.Lock()
	joined := r.joined
	r.mu.Unlock()
	replace := ""
	if !joined {
		if replace, err = r.admit(now, own, unfit); err != nil {
			return err
		}
	}
	r.follow(wish)
	written, err := r.write(ctx, replace, false)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.joined = written
	r.mu.Unlock()
	if !written {
		r.rival = nil
		r.change((*view).clear)
		return errWaiting // the next beats see whether that one is alive
	}
	r.change(func(v *view) []Event { return v.observe(now, records) })
	r.forget(ctx, now, texts)
	return nil
}

// read reads the records of all names, and what this node is wished to do. A name
// without a record has "".
func (r *Registry) read(ctx context.Context) (texts map[string]string, wish string, err error) {
	client := r.conn.Client()
	call, cancel := r.conn.Context(ctx)
	defer cancel()
	replies := client.DoMulti(call,
		client.B().Smembers().Key(namesKey).Build(),
		client.B().Get().Key(drainKey(r.opts.Self.Name)).Build())
	names, err := replies[0].AsStrSlice()
	if err != nil {
		return nil, "", err
	}
	if wish, err = text(replies[1]); err != nil {
		return nil, "", err
	}
	slices.Sort(names)
	names = slices.DeleteFunc(names, func(name string) bool { return !ValidName(name) || name == r.opts.Self.Name })
	names = append([]string{r.opts.Self.Name}, names...)
	names = names[:min(len(names), maxNames)]
	gets := make(rueidis.Commands, 0, len(names))
	for _, name := range names {
		gets = append(gets, client.B().Get().Key(nodeKey(name)).Build())
	}
	texts = make(map[string]string, len(names))
	for i, reply := range client.DoMulti(call, gets...) {
		if texts[names[i]], err = text(reply); err != nil {
			return nil, "", err
		}
	}
	return texts, wish, nil
}

// text returns a reply's text, "" for none.
func text(reply rueidis.RedisResult) (string, error) {
	s, err := reply.ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	return s, err
}

// write writes this node's record, and reports whether it may. It replaces one of the
// given incarnation, if that is not "".
func (r *Registry) write(ctx context.Context, replace string, left bool) (bool, error) {
	client := r.conn.Client()
	call, cancel := r.conn.Context(ctx)
	defer cancel()
	r.counter++
	key := nodeKey(r.opts.Self.Name)
	value := r.codec.encode(key, record{Node: r.Self(), Counter: r.counter, Left: left})
	written, err := writeScript.Exec(call, client, []string{key}, []string{r.incarnation, replace, value, ms(r.opts.pace.life)}).AsBool()
	if err != nil || !written || left {
		return written, err
	}
	return true, client.Do(call, client.B().Sadd().Key(namesKey).Member(r.opts.Self.Name).Build()).Error()
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// decode reads the records of the others; this node's own name's, if another wrote it; and
// why the first of the others that this node cannot live with is one of those. What is no
// record of a node of this cluster is logged once.
func (r *Registry) decode(self Node, texts map[string]string) (others map[string]record, own *record, unfit error) {
	others = make(map[string]record, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if texts[name] == "" {
			delete(r.strange, name)
			continue
		}
		rec, err := r.codec.decode(nodeKey(name), texts[name])
		if name == self.Name {
			if rec.Incarnation != self.Incarnation && !errors.Is(err, errForm) {
				own = &rec
			}
			continue
		}
		if errors.Is(err, errMAC) && rec.ClusterKey != self.ClusterKey {
			err = r.opts.otherKey(name)
		} else if err == nil {
			err = r.opts.fits(self, rec)
		}
		if err == nil {
			others[name] = rec
			delete(r.strange, name)
			continue
		}
		if refused(err) && !rec.Left && unfit == nil {
			unfit = err
		}
		if why := rec.Incarnation + err.Error(); r.strange[name] != why {
			r.strange[name] = why
			r.log.Error("a record in redis is not taken for a node", "node", name, "error", err)
		}
	}
	return others, own, unfit
}

// forget takes the names out of the set that have had no record for a while.
func (r *Registry) forget(ctx context.Context, now time.Time, texts map[string]string) {
	var gone []string
	for name, text := range texts {
		since, is := r.absent[name]
		switch {
		case text != "" || name == r.opts.Self.Name:
			delete(r.absent, name)
		case !is:
			r.absent[name] = now
		case now.Sub(since) >= forgetAt*r.opts.pace.beat:
			gone = append(gone, name)
		}
	}
	for name := range r.absent {
		if _, is := texts[name]; !is {
			delete(r.absent, name)
		}
	}
	if len(gone) == 0 {
		return
	}
	client := r.conn.Client()
	call, cancel := r.conn.Context(ctx)
	defer cancel()
	// Who comes back this very moment is in the set again with its next beat.
	if err := client.Do(call, client.B().Srem().Key(namesKey).Member(gone...).Build()).Error(); err != nil {
		r.log.Debug("names of nodes that are gone stay for now", "error", err)
	}
}

// leave tells the others that this node has gone.
func (r *Registry) leave() {
	r.mu.Lock()
	joined := r.joined
	r.joined = false
	r.mu.Unlock()
	if !joined {
		return
	}
	if _, err := r.write(context.Background(), "", true); err != nil {
		r.log.Debug("the other nodes will see in 3 s that this one has gone", "error", fmt.Sprint(err))
	}
}
