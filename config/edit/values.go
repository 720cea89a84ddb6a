package edit

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/joingyd/joingyd/config"
)

// values are the keys of a file: "turn.listen" → what is written there. A section
// without a key is not among them.
type values map[string]any

// valuesOf reads a file as config.Load does, which takes keys in any case. A key
// that is there twice is an error.
func valuesOf(text []byte) (values, error) {
	var root any
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	v := values{}
	if err := v.add("", root); err != nil {
		return nil, err
	}
	return v, nil
}

func (v values) add(key string, value any) error {
	section, ok := value.(map[string]any)
	if key == "" && !ok && value != nil {
		return errors.New("the file holds no sections; write site: and, indented below it, contact: \"you@example.org\"")
	}
	if !ok {
		if key == "" || value == nil && !strings.Contains(key, ".") {
			return nil // nothing, or a section all of whose keys are commented out
		}
		if _, twice := v[key]; twice {
			return fmt.Errorf("%s is there twice; take one of them out", key)
		}
		v[key] = value
		return nil
	}
	for name, inner := range section {
		path := strings.ToLower(name)
		if key != "" {
			path = key + "." + path
		}
		if err := v.add(path, inner); err != nil {
			return err
		}
	}
	return nil
}

// with returns the values after a change.
func (v values) with(c Change) (values, error) {
	var value any
	if err := yaml.Unmarshal([]byte(config.FormatValue(c.Value)), &value); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Key, err)
	}
	after := maps.Clone(v)
	if text, ok := after[c.Key].(string); ok {
		if list, ok := c.Value.([]string); ok && len(list) == 1 && list[0] == text && !strings.Contains(text, ",") {
			return after, nil // a list of one may be written without brackets
		}
	}
	after[c.Key] = value
	return after, nil
}

func (v values) equal(w values) bool { return reflect.DeepEqual(v, w) }
