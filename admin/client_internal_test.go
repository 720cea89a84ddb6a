package admin

import (
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for _, tt := range []struct{ answer, want string }{
		{`{"session":"abc"}`, ""},
		{`{"session":"` + strings.Repeat("x", 100) + `"}`, "longer than 50 bytes; ask for less"},
		{`{"session":`, "makes no sense"},
		{`{"session":7}`, "makes no sense"},
		{``, "makes no sense"},
	} {
		var result KickResult
		err := readAnswer(strings.NewReader(tt.answer), 50, &result)
		if tt.want == "" && (err != nil || result.Session != "abc") || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%.20s: %+v, %v; want %q", tt.answer, result, err, tt.want)
		}
	}
}
