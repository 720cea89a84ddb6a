package ban_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// player turns calls into effects.
type player struct {
	disk
	dir   string
	names map[string]int       // as the page cache has them
	open  map[string]*openFile // by descriptor
	ends  map[int]int          // of effects, by begin
	files int                  // how many there are, the directory among them
}

type openFile struct{ file, offset int }

// newDisk plays a trace of a process that found dir empty. A call that cannot be
// played is an error.
func newDisk(calls []call, dir string) (*disk, error) {
	p := &player{dir: dir, names: map[string]int{}, open: map[string]*openFile{}, ends: map[int]int{}, files: directory + 1}
	for _, c := range calls {
		if err := p.play(c); err != nil {
			return nil, fmt.Errorf("%s%.100q: %w", c.name, c.args, err)
		}
	}
	slices.Sort(p.cuts)
	p.cuts = slices.Compact(p.cuts)
	return &p.disk, nil
}

func (p *player) play(c call) error {
	if c.end < 0 {
		return nil // the process ended in it
	}
	if c.name == "fsync" || c.name == "fdatasync" {
		p.sync(c)
		return nil
	}
	if c.failed {
		return nil
	}
	switch c.name {
	case "openat":
		return p.openAt(c)
	case "write", "pwrite64", "ftruncate":
		return p.change(c)
	case "link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat":
		return p.rename(c)
	}
	for _, arg := range c.args {
		if p.open[arg] != nil || strings.HasPrefix(arg, p.dir) {
			return errors.New("this replay does not know the call")
		}
	}
	return nil
}

// add notes an effect and the moment when it may have come to the disk.
func (p *player) add(c call, e effect) {
	e.begin, e.synced = c.begin, never
	p.ends[e.begin] = c.end
	p.effects = append(p.effects, e)
	p.cuts = append(p.cuts, c.begin+1)
}

// sync covers what had ended before it began.
func (p *player) sync(c call) {
	f := p.open[c.args[0]]
	if f == nil {
		return
	}
	for i := range p.effects {
		e := &p.effects[i]
		switch {
		case e.file != f.file || e.synced != never || e.dropped || p.ends[e.begin] > c.begin:
		case c.failed:
			e.dropped = true
		default:
			e.synced = c.end
		}
	}
	p.cuts = append(p.cuts, c.end+1)
}

func (p *player) openAt(c call) error {
	fd, path, flags := fmt.Sprint(c.result), c.args[1], c.args[2]
	delete(p.open, fd)
	if path == p.dir {
		p.open[fd] = &openFile{file: directory}
	}
	if filepath.Dir(path) != p.dir {
		return nil
	}
	name := filepath.Base(path)
	file, exists := p.names[name]
	if !exists {
		file = p.files
		p.files++
		p.names[name] = file
		p.add(c, effect{file: directory, names: map[string]int{name: file}})
	}
	if exists && strings.Contains(flags, "O_TRUNC") {
		p.add(c, effect{file: file})
	}
	if strings.Contains(flags, "O_APPEND") {
		return errors.New("this replay does not know where it appends")
	}
	p.open[fd] = &openFile{file: file}
	return nil
}

// change plays a write or a new size.
func (p *player) change(c call) (err error) {
	if c.name == "write" && c.args[0] == "1" {
		for line := range strings.Lines(c.args[1]) {
			p.said = append(p.said, said{strings.TrimSpace(line), c.begin})
		}
		p.cuts = append(p.cuts, c.begin+1)
		return nil
	}
	f := p.open[c.args[0]]
	if f == nil {
		return nil
	}
	e := effect{file: f.file}
	switch c.name {
	case "ftruncate":
		_, err = fmt.Sscan(c.args[1], &e.size)
	case "pwrite64":
		_, err = fmt.Sscan(c.args[3], &e.offset)
		e.data = []byte(c.args[1][:c.result])
	case "write":
		e.offset, e.data = f.offset, []byte(c.args[1][:c.result])
		f.offset += c.result
	}
	p.add(c, e)
	return err
}

// rename plays a change of one or two names.
func (p *player) rename(c call) error {
	var names []string
	elsewhere := 0
	for _, arg := range c.args {
		switch {
		case !filepath.IsAbs(arg):
		case filepath.Dir(arg) == p.dir:
			names = append(names, filepath.Base(arg))
		default:
			elsewhere++
		}
	}
	if len(names) == 0 {
		return nil
	}
	if elsewhere > 0 {
		return errors.New("this replay knows one directory")
	}
	e := effect{file: directory, names: map[string]int{}}
	if !strings.HasPrefix(c.name, "link") {
		e.names[names[0]] = nothing
	}
	if len(names) == 2 {
		e.names[names[1]] = p.names[names[0]]
	}
	for name, file := range e.names {
		if p.names[name] = file; file == nothing {
			delete(p.names, name)
		}
	}
	p.add(c, e)
	return nil
}
