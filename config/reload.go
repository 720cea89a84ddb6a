package config

import (
	"errors"
	"reflect"
	"slices"
)

// Reload returns what a daemon that runs with c runs with once it has taken over what
// it can of next, which Load has validated. It tells which keys it takes over, and
// which others wait for a restart. Its error joins every *Problem of the two together,
// where they do not go together until then.
func (c Config) Reload(next Config) (merged Config, applied, waiting []string, err error) {
	merged = c
	for _, f := range Fields() {
		switch value := f.Value(next); {
		case reflect.DeepEqual(f.Value(c), value):
		case f.Live:
			f.set(&merged, value)
			applied = append(applied, f.Key)
		default:
			waiting = append(waiting, f.Key)
		}
	}
	var problems []error
	for _, p := range merged.Validate() {
		p.Source = "until the restart"
		problems = append(problems, p)
	}
	// Where pages are, if no key says so, follows from the contact.
	const listen = "http.listen"
	if !slices.Equal(c.HTTPListen(), next.HTTPListen()) && !slices.Contains(waiting, listen) {
		waiting = append(waiting, listen)
	}
	return merged, applied, waiting, errors.Join(problems...)
}
