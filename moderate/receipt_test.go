package moderate_test

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate"
)

func TestReceipt(t *testing.T) {
	r := moderate.NewReceipt()
	text := r.String()
	if !regexp.MustCompile(`^([a-z2-7]{4}-){7}[a-z2-7]{4}$`).MatchString(text) || r == moderate.NewReceipt() {
		t.Errorf("receipt %s", text)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "receipt", r)
	if strings.Contains(log.String(), text[:4]) {
		t.Errorf("the log has it: %s", log.String())
	}
	plain := strings.ReplaceAll(text, "-", "")
	for _, typed := range []string{text, strings.ToUpper(text), plain, " " + strings.ReplaceAll(text, "-", " – ") + "\r\n", strings.NewReplacer("o", "0", "l", "1", "b", "8").Replace(text)} {
		if got, err := moderate.ParseReceipt(typed); err != nil || got != r {
			t.Errorf("%q: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "-", plain[1:], plain + "a", strings.Repeat("ä", 16), "9" + plain[1:], strings.Repeat("a", 1<<20), "\x00" + plain[1:], "\xff" + plain[1:]} {
		if _, err := moderate.ParseReceipt(typed); !errors.Is(err, moderate.ErrReceipt) {
			t.Errorf("%.40q: %v", typed, err)
		}
	}
	if zero := (moderate.Receipt{}); !zero.IsZero() || zero.String() != "" || r.IsZero() {
		t.Errorf("zero is %q", zero)
	}
}

// FuzzParseReceipt holds that what is read is written and read the same.
func FuzzParseReceipt(f *testing.F) {
	f.Add(moderate.NewReceipt().String())
	f.Add(fmt.Sprintf("%032d", 1))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := moderate.ParseReceipt(text)
		if err != nil || r.IsZero() {
			return
		}
		if again, err := moderate.ParseReceipt(r.String()); err != nil || again != r {
			t.Errorf("%q is %q, then %q, %v", text, r, again, err)
		}
	})
}
