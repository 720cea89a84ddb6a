package ban_test

import (
	"fmt"
	"strings"
)

// fates are what may be true of a target: that it is banned, that it is free.
type fates uint8

const (
	banned fates = 1 << iota
	free
)

// promises are the fates that a store has left open for each target, as far as
// the lines of its user tell. The user writes a line before each change and one
// after it:
//
//	ask + TARGET … ok + TARGET     it is banned
//	ask - TARGET … ok - TARGET     it is free
//	ask + TARGET … fail + TARGET   either: the change was not acknowledged
//
// One target's changes follow each other, those of several may overlap.
type promises map[string]fates

func (p promises) note(line string) error {
	word, change, _ := strings.Cut(line, " ")
	sign, target, _ := strings.Cut(change, " ")
	fate := map[string]fates{"+": banned, "-": free}[sign]
	if fate == 0 || target == "" {
		return fmt.Errorf("the line %q makes no sense", line)
	}
	before, known := p[target]
	if !known {
		before = free
	}
	switch word {
	case "ask":
		p[target] = before | fate
	case "ok":
		p[target] = fate
	case "fail":
	default:
		return fmt.Errorf("the line %q makes no sense", line)
	}
	return nil
}

// count tells how many targets must be banned, and how many free.
func (p promises) count() (mustBan, mustFree int) {
	for _, may := range p {
		switch may {
		case banned:
			mustBan++
		case free:
			mustFree++
		}
	}
	return mustBan, mustFree
}

// bearer is a store as far as its promises go.
type bearer interface {
	holds(target string) bool
	active() (map[string]string, error)
}

// broken returns what the store does not keep: bans that are lost, bans that
// came back, and bans that nobody asked for.
func (p promises) broken(s bearer) (list []string, err error) {
	active, err := s.active()
	if err != nil {
		return nil, err
	}
	for target, may := range p {
		listed := active[target] != ""
		switch is := s.holds(target); {
		case is != listed:
			list = append(list, fmt.Sprintf("%s: listed %v, kept out %v", target, listed, is))
		case is && may&banned == 0:
			list = append(list, target+": came back")
		case !is && may&free == 0:
			list = append(list, target+": lost")
		}
	}
	for target := range active {
		if _, known := p[target]; !known {
			list = append(list, target+": nobody asked for it")
		}
	}
	return list, nil
}

// settle takes what the store says for the truth, where two things were possible.
func (p promises) settle(s bearer) {
	for target := range p {
		if p[target] = free; s.holds(target) {
			p[target] = banned
		}
	}
}
