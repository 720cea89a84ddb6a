package config

import (
	"reflect"
	"strings"
	"time"
)

// Field describes one key, read from the struct's tags.
type Field struct {
	Key  string // "turn.listen"
	Flag string // "turn-listen", without the dashes in front
	Env  string // "JOINGYD_TURN_LISTEN"
	Doc  string // one or two sentences
	Type string // "text", "switch", "number", "duration" or "list"
	Live bool   // a running daemon takes it over: see Reload

	index []int
}

// Fields lists every key in the struct's order.
func Fields() []Field {
	return appendFields(nil, reflect.TypeFor[Config](), "", nil)
}

// Value returns the field's value in c: a string, bool, int, time.Duration or
// []string.
func (f Field) Value(c Config) any {
	return reflect.ValueOf(c).FieldByIndex(f.index).Interface()
}

// JSON returns the field's value in c as encoding/json should show it: durations
// as text.
func (f Field) JSON(c Config) any {
	value := f.Value(c)
	if d, ok := value.(time.Duration); ok {
		return shortDuration(d)
	}
	return value
}

func (f Field) set(c *Config, value any) {
	reflect.ValueOf(c).Elem().FieldByIndex(f.index).Set(reflect.ValueOf(value))
}

func appendFields(fields []Field, t reflect.Type, prefix string, index []int) []Field {
	for i := range t.NumField() {
		member := t.Field(i)
		key := prefix + member.Tag.Get("key")
		at := append(append([]int(nil), index...), i)
		if member.Type.Kind() == reflect.Struct {
			fields = appendFields(fields, member.Type, key+".", at)
			continue
		}
		flag := member.Tag.Get("flag")
		if flag == "" {
			flag = strings.NewReplacer(".", "-", "_", "-").Replace(key)
		}
		fields = append(fields, Field{
			Key:   key,
			Flag:  flag,
			Env:   envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
			Doc:   member.Tag.Get("doc"),
			Type:  typeName(member.Type),
			Live:  member.Tag.Get("reload") == "live",
			index: at,
		})
	}
	return fields
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t.Kind() == reflect.Bool:
		return "switch"
	case t.Kind() == reflect.Int:
		return "number"
	case t.Kind() == reflect.Slice:
		return "list"
	default:
		return "text"
	}
}
