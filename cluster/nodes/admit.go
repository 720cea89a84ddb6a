package nodes

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Why a node is not among the others.
var (
	ErrNameTaken = errors.New("another node has this name")
	ErrKey       = errors.New("another key than the other nodes'")
	ErrProtocol  = errors.New("too far from the other nodes' version")
	ErrNotYet    = errors.New("nodes: not among the others yet")

	errWaiting = errors.New("nodes: waiting to see whether a node of this name is alive")
)

// refused reports whether an error is a refusal, which does not end by itself.
func refused(err error) bool {
	return errors.Is(err, ErrNameTaken) || errors.Is(err, ErrKey) || errors.Is(err, ErrProtocol)
}

// rival is who has this node's name.
type rival struct {
	incarnation string
	counter     uint64
	moved       time.Time // when it was last seen to move, or first seen
	alive       bool      // it was seen to move
}

// admit says whether this node may be one of those whose records were read. It returns
// the incarnation whose record is to be replaced, if there is one.
func (r *Registry) admit(now time.Time, own *record, unfit error) (replace string, err error) {
	if own != nil && !own.Left {
		if err := r.compete(now, own); err != nil {
			return "", err
		}
	}
	if own != nil {
		replace = own.Incarnation
	}
	return replace, unfit
}

// compete waits for a record under this node's name to move: then it is another's, and
// otherwise nobody's.
func (r *Registry) compete(now time.Time, own *record) error {
	switch {
	case r.rival == nil || r.rival.incarnation != own.Incarnation:
		r.rival = &rival{incarnation: own.Incarnation, counter: own.Counter, moved: now}
	case r.rival.counter != own.Counter:
		r.rival.counter, r.rival.moved, r.rival.alive = own.Counter, now, true
	}
	switch {
	case now.Sub(r.rival.moved) >= r.opts.pace.silence:
		return nil
	case r.rival.alive:
		return fmt.Errorf("cluster.node: %q: %w; give this node another name, or stop the other one (started %s)",
			own.Name, ErrNameTaken, own.Started.UTC().Format(time.DateTime+" UTC"))
	default:
		return errWaiting
	}
}

// otherKey says that the node of this name has another cluster key.
func (o Options) otherKey(name string) error {
	return fmt.Errorf("cluster.key_file: %w (of node %s); copy the file from there to %s, mode 0600, and start again", ErrKey, name, orDefault(o.ClusterKeyPath, "cluster.key"))
}

// fits says why this node and another, which has the same cluster key, cannot be nodes of
// one cluster.
func (o Options) fits(self Node, other record) error {
	if strangers(self.BanKeys, other.BanKeys) {
		return fmt.Errorf("ban key: %w (of node %s), so neither could tell what the other has banned; copy ban.key from there to %s, mode 0600, before this node has bans of its own, and start again",
			ErrKey, other.Name, orDefault(o.BanKeyPath, "ban.key"))
	}
	if strangers(self.AgeKeys, other.AgeKeys) {
		return fmt.Errorf("age key: %w (of node %s), so neither would take what visitors proved to the other; copy age-pass.key from there to %s, mode 0600, and start again",
			ErrKey, other.Name, orDefault(o.AgeKeyPath, "age-pass.key"))
	}
	if !self.Protocol.Meets(other.Protocol) {
		older, newer := other.Name+" ("+other.Version+")", "this one ("+self.Version+")"
		if self.Protocol.Max < other.Protocol.Min {
			older, newer = newer, older
		}
		return fmt.Errorf("%w: this node speaks protocol %s, node %s (%s) %s; nodes may be one version apart: bring %s to the version just before that of %s first",
			ErrProtocol, self.Protocol, other.Name, other.Version, other.Protocol, older, newer)
	}
	return nil
}

// strangers reports whether both have keys, and none in common.
func strangers(own, others []Fingerprint) bool {
	return len(own) > 0 && len(others) > 0 && !slices.ContainsFunc(own, func(f Fingerprint) bool { return slices.Contains(others, f) })
}

func orDefault(path, name string) string {
	if path == "" {
		return name
	}
	return path
}
