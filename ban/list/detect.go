package list

import (
	"path"
	"strings"
)

// Detect tells the format of a list from how it begins (the first 4 KiB will
// do) and from the name of its file, which may be empty. What looks like
// nothing else is Plain.
func Detect(head []byte, name string) Format {
	line := firstLine(strings.TrimPrefix(string(head), byteOrderMark))
	switch {
	case strings.HasPrefix(line, "[{'"), strings.HasPrefix(line, "['"):
		return Fail2ban // a Python literal
	case strings.HasPrefix(line, "["), strings.HasPrefix(line, "{"):
		return CrowdSec
	case strings.HasPrefix(line, "Status"), strings.Contains(line, "fail2ban"), strings.Contains(line, " + ") && strings.Contains(line, " = "):
		return Fail2ban
	case isCSV(line), strings.EqualFold(path.Ext(name), ".csv"):
		return CSV
	}
	if words := strings.Fields(line); len(words) > 1 && isAddress(words[0]) && isAddress(words[1]) {
		return Fail2ban // get JAIL banip
	}
	return Plain
}

// firstLine returns the first line that is not blank and not a comment, without
// the comment at its end.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// isCSV reports whether line is a header, or has a target in front of a comma.
func isCSV(line string) bool {
	names := strings.Split(strings.ReplaceAll(line, `"`, ""), ",")
	if len(names) > 1 && isTarget(names[0]) {
		return true
	}
	_, err := newHeader(names)
	return err == nil
}
