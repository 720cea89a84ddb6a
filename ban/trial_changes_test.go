package ban_test

import (
	"runtime"
	"strconv"
	"sync"
)

// changeSome opens the store, bans, and ends each third ban again, one after the
// other and then several at once, closes it, and does a last one with the store
// opened anew:
//
//	changer DIR CHANGES
//
// What fails it tries again, and then with the store opened anew. A fault that
// counts system calls counts those of a thread, so this keeps to one.
func changeSome(args []string) error {
	runtime.LockOSThread()
	changes, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	c := changer{dir: args[0]}
	if err := c.open(); err != nil {
		return err
	}
	for n := range changes {
		if err := c.insist(func() error { return c.sayAdd(trialTarget(n)) }); err != nil {
			return err
		}
		if n%3 != 2 {
			continue
		}
		if err := c.insist(func() error { return c.sayRemove(trialTarget(n)) }); err != nil {
			return err
		}
	}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			if target := trialTarget(changes + n); c.sayAdd(target) == nil {
				_ = c.sayRemove(target) // it has said so
			}
		})
	}
	group.Wait()
	_ = c.Close() // a fault may be there still
	if err := c.open(); err != nil {
		return err
	}
	if err := c.insist(func() error { return c.sayAdd(trialTarget(changes + 4)) }); err != nil {
		return err
	}
	return c.Close()
}

// changer is a user of a store that does not give up.
type changer struct {
	trialStore
	dir string
}

func (c *changer) open() (err error) {
	c.trialStore, err = openTrialDir(c.dir)
	return err
}

func (c *changer) insist(change func() error) error {
	for range 2 {
		if change() == nil {
			return nil
		}
	}
	_ = c.Close() // it has failed before
	if err := c.open(); err != nil {
		return err
	}
	return change()
}
