package list

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// Records are those of encoding/csv, which reads on after an error as well.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{"a,b\nc,d\n", "\"a\",\"b \"\"c\"\"\"\n", "\"a\nb\",c\n\nd", "a\"b\nc\n", "\"a\"b\nc", "# c\n#\"\na,", "\"a", "a,\r\n\"b\r\n\"\r\n", ",,\n,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) >= maxLine || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") || strings.HasPrefix(text, byteOrderMark) {
			t.Skip("encoding/csv has no bound, and keeps a carriage return that ends the text")
		}
		theirs := csv.NewReader(strings.NewReader(text))
		theirs.FieldsPerRecord, theirs.Comment = -1, '#'
		ours := &records{lines: newLines(strings.NewReader(text))}
		for {
			want, wantErr := theirs.Read()
			line, why, err := ours.next()
			if err == io.EOF || wantErr == io.EOF {
				if err != wantErr {
					t.Fatalf("%q: %v; want %v, %v", text, err, want, wantErr)
				}
				return
			}
			if err != nil || (why != "") != errors.As(wantErr, new(*csv.ParseError)) {
				t.Fatalf("%q: %q, %v; want %v, %v", text, why, err, want, wantErr)
			}
			if why != "" {
				continue
			}
			if first, _ := theirs.FieldPos(0); line != first || !slices.Equal(ours.fields, want) {
				t.Fatalf("%q: line %d %q; want line %d %q", text, line, ours.fields, first, want)
			}
		}
	})
}
