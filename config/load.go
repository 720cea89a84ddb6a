package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

const envPrefix = "JOINGYD_"

// cliEnv are names with our prefix that are no keys: the command line's own.
var cliEnv = []string{"JOINGYD_SOCKET", "JOINGYD_CONFIG"}

// Problem is one setting that cannot be used. Its text names the place, the key
// and the remedy.
type Problem struct {
	Source string // "joingyd.yaml", "environment JOINGYD_…", "--flag" or "default"
	Key    string
	Detail string // what is wrong and what to write instead
}

// Error implements error.
func (p *Problem) Error() string { return p.Source + ": " + p.Key + ": " + p.Detail }

// OnlyFlags reports whether every problem in Load's error is a flag's, so that the
// command line alone is to blame.
func OnlyFlags(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	return ok && !slices.ContainsFunc(joined.Unwrap(), func(err error) bool {
		p, ok := errors.AsType[*Problem](err)
		return !ok || !strings.HasPrefix(p.Source, "--")
	})
}

// AddFlags adds a flag for every key, and --config, to flags.
func AddFlags(flags *pflag.FlagSet) {
	flags.String("config", os.Getenv("JOINGYD_CONFIG"), "configuration file (YAML, TOML or JSON by its ending)")
	defaults := Default()
	for _, f := range Fields() {
		switch value := f.Value(defaults).(type) {
		case string:
			flags.String(f.Flag, value, f.Doc)
		case bool:
			flags.Bool(f.Flag, value, f.Doc)
		case int:
			flags.Int(f.Flag, value, f.Doc)
		case time.Duration:
			flags.Duration(f.Flag, value, f.Doc)
		case []string:
			flags.StringSlice(f.Flag, value, f.Doc)
		}
	}
}

// Load merges defaults, the file that flags name, the environment and the flags
// that AddFlags added, and validates the outcome. Its error joins every
// *Problem found, so that one run shows them all.
func Load(flags *pflag.FlagSet) (Config, error) {
	l := loader{viper: viper.New(), flags: flags, fields: Fields()}
	if err := l.readFile(); err != nil {
		return Config{}, err
	}
	if err := errors.Join(l.unknownEnv(), l.unknownKeys()); err != nil {
		return Config{}, err
	}
	c := Default()
	var problems []error
	for _, f := range l.fields {
		if err := l.decode(&c, f); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return Config{}, errors.Join(problems...)
	}
	for _, p := range c.Validate() {
		p.Source = l.source(l.field(p.Key))
		problems = append(problems, p)
	}
	return c, errors.Join(problems...)
}

// LoadFile is Load for a file, without flags but with the environment.
func LoadFile(path string) (Config, error) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	AddFlags(flags)
	if err := flags.Set("config", path); err != nil {
		return Config{}, err
	}
	return Load(flags)
}

// loader carries one Load.
type loader struct {
	viper  *viper.Viper
	flags  *pflag.FlagSet
	fields []Field
	file   string
}

func (l *loader) readFile() error {
	l.file, _ = l.flags.GetString("config")
	if l.file == "" {
		return nil
	}
	// Viper looks at the name's ending first, even where there is no file.
	info, err := os.Stat(l.file)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a directory; name the file in it with --config", l.file)
	}
	if err == nil {
		l.viper.SetConfigFile(l.file)
		err = l.viper.ReadInConfig()
	}
	_, unsupported := errors.AsType[viper.UnsupportedConfigError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: no such file; name another with --config, or leave it out to run on defaults", l.file)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: permission denied; run this as root or as the daemon's user", l.file)
	case unsupported:
		return fmt.Errorf("%s: the name does not tell the format; rename it to end in .yaml, .toml or .json", l.file)
	default:
		return fmt.Errorf("%s: cannot be read: %w; `joingyd config print` shows a whole valid file", l.file, err)
	}
}

func (l *loader) unknownKeys() error {
	var problems []error
	for _, key := range l.viper.AllKeys() {
		switch {
		case slices.ContainsFunc(l.fields, func(f Field) bool { return f.Key == key }):
		case l.above(key) != "":
			problems = append(problems, &Problem{l.file, l.above(key), "has a value, and no keys below it such as " + key + "; write its value behind the colon"})
		case !l.isSection(key):
			problems = append(problems, &Problem{l.file, key, "unknown key" + l.hint(key)})
		case l.viper.Get(key) != nil: // a section with a plain value: `turn: 5`
			problems = append(problems, &Problem{l.file, key, "is a section; write its keys below it, indented"})
		}
		// An empty section, all its keys commented out, sets nothing.
	}
	return errors.Join(problems...)
}

// above returns the key that a longer one was written below; empty: none.
func (l *loader) above(key string) string {
	for _, f := range l.fields {
		if strings.HasPrefix(key, f.Key+".") {
			return f.Key
		}
	}
	return ""
}

func (l *loader) isSection(key string) bool {
	return slices.ContainsFunc(l.fields, func(f Field) bool { return strings.HasPrefix(f.Key, key+".") })
}

func (l *loader) unknownEnv() error {
	var problems []error
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(cliEnv, name) {
			continue
		}
		if !slices.ContainsFunc(l.fields, func(f Field) bool { return f.Env == name }) {
			problems = append(problems, &Problem{"environment", name, "unknown setting; `joingyd config print` lists the keys, and JOINGYD_TURN_LISTEN stands for turn.listen"})
		}
	}
	return errors.Join(problems...)
}

// hint lists the keys that there are where key was written.
func (l *loader) hint(key string) string {
	section, _, nested := strings.Cut(key, ".")
	var known []string
	for _, f := range l.fields {
		head, tail, _ := strings.Cut(f.Key, ".")
		if nested && head == section {
			known = append(known, tail)
		} else if !nested && !slices.Contains(known, head) {
			known = append(known, head)
		}
	}
	if len(known) == 0 {
		return "; there is no section " + section + "; see `joingyd config print`"
	}
	return "; known here: " + strings.Join(known, ", ")
}

func (l *loader) field(key string) Field {
	return l.fields[slices.IndexFunc(l.fields, func(f Field) bool { return f.Key == key })]
}

// source names the place that the field's value comes from.
func (l *loader) source(f Field) string {
	if flag := l.flags.Lookup(f.Flag); flag != nil && flag.Changed {
		return "--" + f.Flag
	}
	if _, ok := os.LookupEnv(f.Env); ok {
		return "environment " + f.Env
	}
	if l.file != "" { // there, or missing there
		return l.file
	}
	return "default"
}

// decode takes the field's value from the strongest place that gives one.
func (l *loader) decode(c *Config, f Field) error {
	var raw any
	if flag := l.flags.Lookup(f.Flag); flag != nil && flag.Changed {
		raw = flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			raw = list.GetSlice()
		}
	} else if text, ok := os.LookupEnv(f.Env); ok {
		raw = text
	} else if l.viper.InConfig(f.Key) {
		raw = l.viper.Get(f.Key)
	} else {
		return nil
	}
	value, err := convert(raw, f.Type)
	if err != nil {
		return &Problem{l.source(f), f.Key, err.Error()}
	}
	f.set(c, value)
	return nil
}

// convert turns what a file, the environment or a flag gave into the field's
// type, without guessing: a number is not a text, 5 is not a duration.
func convert(raw any, kind string) (any, error) {
	text, isText := raw.(string)
	switch kind {
	case "text":
		if isText {
			return text, nil
		}
		return nil, fmt.Errorf("%v is not a text; put it in quotes", raw)
	case "switch":
		if b, ok := raw.(bool); ok {
			return b, nil
		}
		if b, err := strconv.ParseBool(text); isText && err == nil {
			return b, nil
		}
		return nil, fmt.Errorf("%q is not a switch; write true or false", fmt.Sprint(raw))
	case "number":
		if n, err := strconv.Atoi(fmt.Sprint(raw)); err == nil {
			return n, nil
		}
		return nil, fmt.Errorf("%q is not a whole number", fmt.Sprint(raw))
	case "duration":
		if d, err := time.ParseDuration(text); isText && err == nil {
			return d, nil
		}
		return nil, fmt.Errorf("%q is not a duration; write one with its unit, such as 90s, 15m or 24h", fmt.Sprint(raw))
	default:
		return convertList(raw)
	}
}

func convertList(raw any) (any, error) {
	list := []string{}
	switch raw := raw.(type) {
	case nil:
	case []string:
		list = append(list, raw...)
	case string:
		for item := range strings.SplitSeq(raw, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
	case []any:
		for _, item := range raw {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a text; put each item in quotes", item)
			}
			list = append(list, text)
		}
	default:
		return nil, fmt.Errorf("%v is not a list; write [one, two]", raw)
	}
	return list, nil
}
