package classify

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// manyLabels is an answer with n of them.
func manyLabels(n int) string {
	var text strings.Builder
	text.WriteString(`{"model":"m","labels":{`)
	for i := range n {
		fmt.Fprintf(&text, `"l%d":0.5,`, i)
	}
	return strings.TrimSuffix(text.String(), ",") + "}}"
}

func TestParseVerdict(t *testing.T) {
	good := []string{
		`{"model":"nsfwjs-mobilenet_v2@4.4.0","labels":{"porn":0.98,"hentai":0.01}}`,
		`{"more":[1],"model":"m","labels":{"a":0,"b":1,"c-_9":1e-9}}`,
		manyLabels(32),
		`{"model":"` + strings.Repeat("m", 100) + `","labels":{"` + strings.Repeat("l", 32) + `":0}}`,
	}
	for _, text := range good {
		if _, err := parseVerdict([]byte(text)); err != nil {
			t.Errorf("%.80s: %v", text, err)
		}
	}
	bad := []struct{ text, want string }{
		{``, "unexpected end"},
		{`null`, "model"},
		{`[]`, "array"},
		{`{"labels":{"a":0}}`, "model"},
		{`{"model":"a b","labels":{"a":0}}`, "visible ASCII"},
		{"{\"model\":\"a\u202eb\",\"labels\":{\"a\":0}}", "visible ASCII"},
		{`{"model":"` + strings.Repeat("m", 101) + `","labels":{"a":0}}`, "1 to 100"},
		{`{"model":7,"labels":{"a":0}}`, "number"},
		{`{"model":"m"}`, "no labels"},
		{`{"model":"m","labels":{}}`, "no labels"},
		{`{"model":"m","labels":null}`, "no object"},
		{`{"model":"m","labels":[0.5]}`, "no object"},
		{`{"model":"m","labels":{"a":"NaN"}}`, `a is "NaN"`},
		{`{"model":"m","labels":{"a":NaN}}`, "invalid character"},
		{`{"model":"m","labels":{"a":1e999}}`, "1e999"},
		{`{"model":"m","labels":{"a":1.0001}}`, "0 to 1"},
		{`{"model":"m","labels":{"a":-0.1}}`, "0 to 1"},
		{`{"model":"m","labels":{"a":null}}`, "0 to 1"},
		{`{"model":"m","labels":{"a":{"b":0}}}`, "0 to 1"},
		{`{"model":"m","labels":{"a":true}}`, "0 to 1"},
		{`{"model":"m","labels":{"Porn":0}}`, `"Porn"`},
		{`{"model":"m","labels":{"":0}}`, `""`},
		{`{"model":"m","labels":{"` + strings.Repeat("l", 33) + `":0}}`, "1 to 32"},
		{`{"model":"m","labels":{"a":0,"a":1}}`, "a comes twice"},
		{`{"model":"m","labels":{"a":0},"labels":{"b":1}}`, "labels come twice"},
		{`{"model":"m","labels":{"a":0}} {}`, "after top-level value"},
		{manyLabels(33), "more than 32"},
	}
	for _, tt := range bad {
		if got, err := parseVerdict([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.80s: %v, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

// What is believed follows the contract, and is the same when it is read again.
func FuzzParseVerdict(f *testing.F) {
	for _, text := range []string{
		`{"model":"m@1","labels":{"porn":0.98,"hentai":0.01}}`, `{"model":"m","labels":{"a":1e-400,"b":-0}}`,
		`{"MODEL":"m","Labels":{"\u0061":1}}`, `{"model":"m","labels":null}`, `{"model":"m","labels":{"a":{"a":[]}}}`, manyLabels(33),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		verdict, err := parseVerdict(text)
		if err != nil {
			return
		}
		if len(verdict.Labels) == 0 || len(verdict.Labels) > maxLabels || checkModel(verdict.Model) != nil {
			t.Fatalf("%q is believed: %+v", text, verdict)
		}
		for label, score := range verdict.Labels {
			if checkLabel(label) != nil || !(score >= 0 && score <= 1) {
				t.Fatalf("%q is believed: %+v", text, verdict)
			}
		}
		again, err := json.Marshal(map[string]any{"model": verdict.Model, "labels": verdict.Labels})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseVerdict(again); err != nil || !reflect.DeepEqual(got, verdict) {
			t.Fatalf("%q read again: %+v, %v; want %+v", text, got, err, verdict)
		}
	})
}
