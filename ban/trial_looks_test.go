package ban_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// lookAtStore starts after a power cut as the daemon does, bans, and starts again.
func lookAtStore(f finding) ([]string, error) {
	store, err := openTrialDir(f.Dir)
	if err != nil {
		return nil, err
	}
	broken, err := f.Promises.broken(store)
	if err != nil {
		return broken, errors.Join(err, store.Close())
	}
	p := maps.Clone(f.Promises)
	p.settle(store)
	const another = "192.0.2.1"
	p[another] = banned
	if err := errors.Join(store.add(another, time.Time{}), store.Close(), checkBolt(filepath.Join(f.Dir, trialStoreFile))); err != nil {
		return broken, err
	}
	if store, err = openTrialDir(f.Dir); err != nil {
		return broken, err
	}
	later, err := p.broken(store)
	return append(broken, later...), errors.Join(err, store.Close())
}

func lookAtPlain(f finding) ([]string, error) {
	store, err := openPlain(f.Dir, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return f.Promises.broken(store)
}

// lookAtDamaged opens a store that may be damaged. If it opens, it has to say
// exactly what it said before, and to go on so: a list of free pages that is wrong
// does harm only then.
func lookAtDamaged(f finding) (broken []string, err error) {
	store, err := openTrialDir(f.Dir)
	if err != nil {
		return nil, err
	}
	if broken, err = differences(store, f); err != nil || len(broken) > 0 {
		return broken, errors.Join(err, store.Close())
	}
	known := maps.Clone(f.Active)
	for n := range 5 {
		target := fmt.Sprintf("192.0.2.%d", n)
		if err := store.add(target, time.Time{}); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	after := finding{Ended: f.Ended}
	if after.Active, err = store.active(); err == nil {
		err = store.Close()
	}
	for target, text := range known {
		if after.Active[target] != text {
			broken = append(broken, target+": changed by bans on others")
		}
	}
	if err != nil {
		return broken, err
	}
	// From here on, a store that does not open has lost what it acknowledged.
	if store, err = openTrialDir(f.Dir); err != nil {
		return append(broken, fmt.Sprintf("it opened, took bans, and does not open again: %v", err)), nil
	}
	again, err := differences(store, after)
	for _, what := range again {
		broken = append(broken, "opened again: "+what)
	}
	return broken, errors.Join(err, store.Close())
}

// differences returns what a store says differently.
func differences(store trialStore, f finding) (list []string, err error) {
	active, err := store.active()
	if err != nil {
		return nil, err
	}
	for target, text := range f.Active {
		if active[target] != text {
			list = append(list, fmt.Sprintf("%s: says %q, said %q", target, active[target], text))
		}
		if !store.holds(target) {
			list = append(list, target+": not kept out")
		}
	}
	if len(active) != len(f.Active) {
		list = append(list, fmt.Sprintf("%d bans, were %d", len(active), len(f.Active)))
	}
	ended, err := store.ended()
	if err != nil {
		return list, err
	}
	if !slices.Equal(ended, f.Ended) {
		list = append(list, fmt.Sprintf("the history says %.200q, said %.200q", strings.Join(ended, "\n"), strings.Join(f.Ended, "\n")))
	}
	return list, nil
}
