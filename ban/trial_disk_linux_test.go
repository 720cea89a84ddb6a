package ban_test

import (
	"math"
	"slices"
)

// effect is what one call does to the disk. The page cache has it at once. The
// disk has it when a sync has ended that covers it, and may have it before: in
// any order with others, and of a write only some sectors.
type effect struct {
	file   int            // which file; the directory itself: a change of names
	names  map[string]int // what names mean from now on
	size   int            // of the file from now on, unless it is a write
	data   []byte         // written
	offset int

	begin   int
	synced  int  // when the sync ended; never: there was none
	dropped bool // a sync failed: the kernel takes the pages for clean, so no later one helps
}

const (
	directory = 0
	nothing   = -1 // the file of a name that is gone
	never     = math.MaxInt
)

func (e *effect) isWrite() bool { return e.data != nil }

// disk is what a process did to the files of one directory, and what it said.
type disk struct {
	effects []effect
	said    []said
	cuts    []int // the moments between which nothing changes
}

// said is a line that the process wrote to its standard output.
type said struct {
	line  string
	begin int
}

// at tells what is on the disk when the power goes at a moment, and what may be.
func (d *disk) at(cut int) (sure, maybe []effect) {
	for _, e := range d.effects {
		switch {
		case e.synced < cut:
			sure = append(sure, e)
		case e.begin < cut:
			maybe = append(maybe, e)
		}
	}
	return sure, maybe
}

// promised is what had been said at a moment.
func (d *disk) promised(cut int) (promises, error) {
	p := promises{}
	for _, s := range d.said {
		if s.begin >= cut {
			break
		}
		if err := p.note(s.line); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// image is the directory with the effects that are sure, and those of the others
// that are chosen, in that order. What was dropped is older than what was synced
// later.
func image(sure, chosen []effect) map[string][]byte {
	names, files := map[string]int{}, map[int][]byte{}
	all := slices.Clone(sure)
	for _, e := range chosen {
		if e.dropped {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b effect) int { return a.begin - b.begin })
	for _, e := range chosen {
		if !e.dropped {
			all = append(all, e)
		}
	}
	for _, e := range all {
		content := files[e.file]
		switch {
		case e.file == directory:
			for name, file := range e.names {
				names[name] = file
			}
		case e.isWrite():
			if missing := e.offset + len(e.data) - len(content); missing > 0 {
				content = append(content, make([]byte, missing)...)
			}
			copy(content[e.offset:], e.data)
		default:
			content = append(content, make([]byte, max(0, e.size-len(content)))...)[:e.size]
		}
		files[e.file] = content
	}
	result := map[string][]byte{}
	for name, file := range names {
		if file != nothing {
			result[name] = files[file]
		}
	}
	return result
}
