package filter

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/util/confusable"
	"golang.org/x/text/unicode/norm"
)

// folded is a line as it is searched: lower case, compatibility forms and
// look-alikes replaced, marks and what cannot be seen taken out, every space a
// plain one, and letters that stand alone, one after the other, put together.
type folded struct {
	text []byte
	at   []int32 // at[i]: where the character that text[i] comes from begins in the line; at[len(text)] is the line's length
}

// minApart is how many characters must stand alone, with a space between, to be
// taken for one word: "U S A" has three.
const minApart = 4

// fold folds line into f, whose memory it uses again.
func (f *folded) fold(line string) {
	f.text, f.at = f.text[:0], f.at[:0]
	for i, r := range line {
		before := len(f.text)
		switch {
		case r < utf8.RuneSelf:
			f.text = append(f.text, foldASCII(byte(r)))
		case r == '。' && isDotBefore(line[i+len("。"):]):
			f.text = append(f.text, '.')
		default:
			f.text = appendFolded(f.text, r)
		}
		for range len(f.text) - before {
			f.at = append(f.at, int32(i))
		}
	}
	f.at = append(f.at, int32(len(line)))
	f.joinApart()
}

// joinApart takes out what stands between characters that stand alone.
func (f *folded) joinApart() {
	text, at := f.text, f.at
	out := 0
	for i := 0; i < len(text); {
		end, between := apartRun(text, i)
		if end == i {
			end = i + 1
		}
		for ; i < end; i++ {
			if between == 0 || text[i] != between {
				text[out], at[out] = text[i], at[i]
				out++
			}
		}
	}
	at[out] = at[len(text)]
	f.text, f.at = text[:out], at[:out+1]
}

// apartRun returns where the run of characters that stand alone ends which begins
// at start, and what stands between them: any characters between spaces, letters
// between signs. It returns start where there is no such run.
func apartRun(text []byte, start int) (end int, between byte) {
	_, size := utf8.DecodeRune(text[start:])
	if start+size >= len(text) {
		return start, 0
	}
	switch between = text[start+size]; {
	case between == ' ' && (start == 0 || text[start-1] == ' '):
	case strings.IndexByte(".-_*", between) >= 0 && (start == 0 || !isWordByte(text[start-1])):
	default:
		return start, 0
	}
	count, last := 0, start
	for i := start; i < len(text); i++ { // over what stands between
		_, size := utf8.DecodeRune(text[i:])
		next := i + size
		if between == ' ' {
			if text[i] == ' ' || next < len(text) && text[next] != ' ' {
				break
			}
		} else if text[i] < 'a' || next < len(text) && isWordByte(text[next]) {
			break
		}
		count, last = count+1, next
		if next >= len(text) || text[next] != between {
			break
		}
		i = next
	}
	if count < minApart {
		return start, 0
	}
	return last, between
}

// span returns the part of the line that text[start:end] comes from, whole
// characters.
func (f *folded) span(start, end int) (from, to int) {
	for end < len(f.text) && f.at[end] == f.at[end-1] {
		end++
	}
	return int(f.at[start]), int(f.at[end])
}

// isDotBefore reports whether an ideographic full stop before rest is a dot of a
// name, as IDNA takes it: where it ends a sentence, no ASCII follows.
func isDotBefore(rest string) bool {
	return rest != "" && isWordByte(foldASCII(rest[0])) && rest[0] < utf8.RuneSelf
}

// isWordByte reports whether b belongs to a word, as all beyond ASCII does.
func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= utf8.RuneSelf
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func foldASCII(b byte) byte {
	switch {
	case b >= 'A' && b <= 'Z':
		return b + 'a' - 'A'
	case b < ' ' || b == 0x7f:
		return ' '
	}
	return b
}

// folds is what stands for each character below 0x2000, at most one: 0 is none,
// and manyFolds more than one.
var folds = sync.OnceValue(func() *[0x2000]rune {
	table := new([0x2000]rune)
	for r := rune(utf8.RuneSelf); r < rune(len(table)); r++ {
		switch to := appendUnknown(nil, r); utf8.RuneCount(to) {
		case 0:
		case 1:
			table[r], _ = utf8.DecodeRune(to)
		default:
			table[r] = manyFolds
		}
	}
	return table
})

const manyFolds = -1

// appendFolded appends what stands for a character beyond ASCII: nothing, if it
// cannot be seen by itself.
func appendFolded(text []byte, r rune) []byte {
	if table := folds(); int(r) < len(table) && table[r] != manyFolds {
		if table[r] == 0 {
			return text
		}
		return utf8.AppendRune(text, table[r])
	}
	return appendUnknown(text, r)
}

// appendUnknown is appendFolded without the table.
func appendUnknown(text []byte, r rune) []byte {
	switch {
	case r >= 0x1f1e6 && r <= 0x1f1ff: // regional indicators: letters of flags
		return append(text, byte('a'+r-0x1f1e6))
	case r >= 0x1f150 && r <= 0x1f169: // negative circled letters have no compatibility form
		return append(text, byte('a'+r-0x1f150))
	case r >= 0x1f170 && r <= 0x1f189: // nor have negative squared ones
		return append(text, byte('a'+r-0x1f170))
	case isSpace(r):
		return append(text, ' ')
	}
	var raw [utf8.UTFMax]byte
	encoded := raw[:utf8.EncodeRune(raw[:], r)]
	parts := norm.NFKD.Properties(encoded).Decomposition()
	if parts == nil {
		return appendLookalike(text, r)
	}
	for len(parts) > 0 {
		part, size := utf8.DecodeRune(parts)
		text = appendLookalike(text, part)
		parts = parts[size:]
	}
	return text
}

// appendLookalike appends a character without compatibility form, or the ASCII
// that it looks like.
func appendLookalike(text []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(text, foldASCII(byte(r)))
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc) {
		return text
	}
	like := confusable.GetReplacement(r)
	switch {
	case like == "rn":
		return append(text, 'm')
	case isASCII(like):
		for i := range len(like) {
			text = append(text, foldASCII(like[i]))
		}
		return text
	}
	lower := unicode.ToLower(r)
	if lower != r {
		return appendLookalike(text, lower)
	}
	return utf8.AppendRune(text, r)
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\u2800' || r == '\u3164' }

// isASCII reports whether text has characters, all of ASCII.
func isASCII(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
