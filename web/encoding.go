package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
)

// weights are the codings of an Accept-Encoding with what each is worth to the
// requester, in thousandths; 0 forbids it (RFC 9110 section 12.5.3).
type weights map[string]int

// parseAcceptEncoding reads the header's lines. What is malformed is left out, and
// the first word on a coding counts.
func parseAcceptEncoding(lines []string) weights {
	w := weights{}
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			coding, parameter, weighted := strings.Cut(element, ";")
			coding = strings.ToLower(strings.Trim(coding, " \t"))
			if coding == "x-gzip" { // RFC 9110 section 8.4.1.3
				coding = "gzip"
			}
			weight, ok := 1000, coding != ""
			if weighted {
				weight, ok = parseWeight(strings.Trim(parameter, " \t"))
			}
			if _, known := w[coding]; ok && coding != "" && !known {
				w[coding] = weight
			}
		}
	}
	return w
}

// parseWeight reads "q=0.8" as 800 (RFC 9110 section 12.4.2).
func parseWeight(text string) (thousandths int, ok bool) {
	if len(text) < 3 || text[0]|0x20 != 'q' || text[1] != '=' {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(text[2:], ".")
	if whole != "0" && whole != "1" || len(fraction) > 3 {
		return 0, false
	}
	thousandths = int(whole[0]-'0') * 1000
	unit := 100
	for _, digit := range []byte(fraction) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		thousandths += int(digit-'0') * unit
		unit /= 10
	}
	return thousandths, thousandths <= 1000
}

// gzip reports whether the requester prefers gzip to no coding at all. A star
// stands for codings that are not named; none at all is what is always understood,
// so it is sent where nothing is acceptable.
func (w weights) gzip() bool {
	weight, named := w["gzip"]
	if !named {
		weight = w["*"]
	}
	return weight > 0 && weight >= w["identity"]
}

// compress returns body in gzip, as small as it gets; nil if that does not help.
func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(body); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if out.Len() >= len(body) {
		return nil, nil
	}
	return out.Bytes(), nil
}
