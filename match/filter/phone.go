package filter

import (
	"bytes"
	"regexp"
	"strings"
)

// digitWords are digits spelt out.
var digitWords = map[string]byte{
	"zero": '0', "oh": '0', "one": '1', "two": '2', "three": '3', "four": '4',
	"five": '5', "six": '6', "seven": '7', "eight": '8', "nine": '9',
}

var (
	// phonePattern is digits with what people put between them.
	phonePattern = regexp.MustCompile(`(?:\+ ?)?\(?\d(?:[ ./()\-]{0,3}\d){6,18}`)
	// numbersPattern is digits spelt out, or some of them.
	numbersPattern = regexp.MustCompile(`\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d)[ ,.-]+){6,}(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d)\b`)
	callPattern    = regexp.MustCompile(`\b(?:call|text|sms|phone|mobile|cell|tel|nr|number|handy|whats ?app?|wa|viber|signal|telegram|tg)\b[^0-9]{0,16}$`)
	datePattern    = regexp.MustCompile(`^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})$`)
)

const (
	maxPhone  = 15 // digits (ITU-T E.164)
	sureDigit = 9  // digits that are a number without a plus sign or a word for it before
)

// findPhones adds the telephone numbers of the line.
func (d *finder) findPhones() {
	for _, m := range phonePattern.FindAllIndex(d.text, -1) {
		start, end := m[0], m[1]
		if start > 0 && (isWordByte(d.text[start-1]) || d.text[start-1] == '.') || end < len(d.text) && isWordByte(d.text[end]) {
			continue // part of a longer number, or of a word
		}
		if d.isPhone(start, end) {
			d.add(contact, start, end, "tel:"+string(onlyDigits(d.text[start:end])))
		}
	}
	if d.signs&signNumbers == 0 {
		return
	}
	for _, m := range numbersPattern.FindAllIndex(d.text, -1) {
		var digits []byte
		for token := range strings.FieldsFuncSeq(string(d.text[m[0]:m[1]]), func(r rune) bool { return strings.ContainsRune(" ,.-", r) }) {
			if digit, ok := digitWords[token]; ok {
				token = string(digit)
			}
			digits = append(digits, token...)
		}
		if !isCount(digits) {
			d.add(contact, m[0], m[1], "tel:"+string(digits))
		}
	}
}

func (d *finder) isPhone(start, end int) bool {
	text := d.text[start:end]
	digits := onlyDigits(text)
	switch {
	case len(digits) < minDigits || len(digits) > maxPhone || isCount(digits) || isRound(digits):
		return false
	case text[0] == '+':
		return true
	case datePattern.Match(bytes.TrimSpace(text)) || isDecimal(text) || areYears(text):
		return false
	case len(digits) >= sureDigit:
		return true
	}
	return callPattern.Match(d.text[max(0, start-32):start])
}

func onlyDigits(text []byte) []byte {
	digits := make([]byte, 0, len(text))
	for _, b := range text {
		if isDigit(b) {
			digits = append(digits, b)
		}
	}
	return digits
}

// isCount reports whether the digits count up or down, or are all the same.
func isCount(digits []byte) bool {
	if bytes.HasPrefix([]byte("1234567891011121314151617"), digits) || bytes.HasPrefix([]byte("10987654321"), digits) {
		return true
	}
	for _, step := range []byte{0, 1, 9} {
		ok := true
		for i := 1; i < len(digits) && ok; i++ {
			ok = digits[i]-'0' == (digits[i-1]-'0'+step)%10
		}
		if ok {
			return true
		}
	}
	return false
}

// isRound reports whether the number ends with six zeros: a thousand thousands.
func isRound(digits []byte) bool { return bytes.HasSuffix(digits, []byte("000000")) }

// isDecimal reports whether text is one number with a point: 3.14159265.
func isDecimal(text []byte) bool {
	before, after, found := bytes.Cut(text, []byte("."))
	return found && len(before) <= 3 && len(onlyDigits(before)) == len(before) && len(onlyDigits(after)) == len(after)
}

// areYears reports whether text is years: 2019 2020 2021.
func areYears(text []byte) bool {
	groups := strings.FieldsFunc(string(text), func(r rune) bool { return r < '0' || r > '9' })
	for _, group := range groups {
		if len(group) != 4 || group < "1900" || group > "2100" {
			return false
		}
	}
	return true
}
