package setup

import (
	"reflect"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/config/edit"
)

// Difference is a key whose value is not what it was.
type Difference struct {
	Key      string
	Was, Now string // as they are written in a file
}

// Differences compares two configurations, key by key.
func Differences(was, now config.Config) (list []Difference, changes []edit.Change) {
	for _, f := range config.Fields() {
		before, after := f.Value(was), f.Value(now)
		if reflect.DeepEqual(before, after) {
			continue
		}
		list = append(list, Difference{f.Key, config.FormatValue(before), config.FormatValue(after)})
		changes = append(changes, edit.Change{Key: f.Key, Value: after})
	}
	return list, changes
}
