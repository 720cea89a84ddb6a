package match

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","consent":{"policy":"v1","adult":true},"resume":"x","ack":7,"languages":["en"]}`,
		`{"type":"find","mode":"video","interests":["a","b"]}`,
		`{"type":"candidate","pair":"p","candidate":{"candidate":"","sdpMid":"0"}}`,
		`{"type":"report","pair":"p","reason":"spam","block":true}`, `{`, `[]`, `{"type":1}`, `null`,
		`{"ack":` + strings.Repeat("1", 300) + `}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data)
		if err != nil {
			if !utf8.ValidString(err.Error()) || len(err.Error()) > 200 {
				t.Errorf("error %q is not fit to be sent", err)
			}
			return
		}
		encoded, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := decode(encoded); err != nil || again.Type != m.Type || again.Body != m.Body || again.Ack != m.Ack {
			t.Errorf("%s does not survive a round trip: %v", data, err)
		}
	})
}
