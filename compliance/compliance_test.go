package compliance_test

import (
	"strings"
	"testing"

	"github.com/joingyd/joingyd/compliance"
)

// Every duty has its source, what shows it, and what remains.
func TestDuties(t *testing.T) {
	for law, sources := range map[string][]string{
		"osa":  {"s. 9", "s. 10(3)", "s. 20", "s. 21", "s. 23", "s. 35 to 37"},
		"dsa":  {"Art. 11", "Art. 12", "Art. 13", "Art. 14", "Art. 15", "Art. 16", "Art. 17", "Art. 18", "Art. 20", "Art. 24(2)"},
		"gdpr": {"Art. 6", "Art. 13", "Art. 15", "Art. 16", "Art. 17", "Art. 30", "Art. 32", "Art. 33", "Art. 35"},
		"ccpa": {"§ 1798.100(a)", "§ 1798.105", "§ 1798.110", "§ 1798.120", "§ 1798.130(a)"},
	} {
		duties, err := compliance.Duties(law)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range duties {
			if d.Duty == "" || d.Source == "" || d.Software == "" || len(d.Shown) == 0 || d.Remains == "" || d.Law != law {
				t.Errorf("%+v", d)
			}
		}
		for _, source := range sources {
			found := false
			for _, d := range duties {
				found = found || strings.HasPrefix(d.Source, source)
			}
			if !found {
				t.Errorf("%s: %s is missing", law, source)
			}
		}
	}
	if _, err := compliance.Duties("none"); err == nil {
		t.Error("a law that is not there")
	}
}

func TestTheReadmeSaysWhatThisIsNot(t *testing.T) {
	text, err := compliance.Text(compliance.Readme)
	if err != nil || !strings.Contains(text, "no legal advice") || !strings.Contains(text, "no lawyer has read") {
		t.Errorf("%v: %s", err, text)
	}
}
