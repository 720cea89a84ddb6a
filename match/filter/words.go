package filter

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	goaway "github.com/TwiN/go-away"
)

// Words are what may not be said. Make one with DefaultWords or ReadWords. It is
// not changed afterwards.
type Words struct {
	whole   map[string]bool       // said by itself, also with one of endings
	phrases map[string][][]string // several words, by the first
	allowed map[string]bool       // never taken for a word of the list
	parts   []string              // wrong inside another word too
	honest  []string              // words that have such a part in them
	starts  [1 << 14]bool         // hashes of the first three bytes of parts
}

// endings are what a word may end with and still be the word.
var endings = set("s es ed er ers in ing ings y z")

// neutral are words of the library's list that people say of themselves, of their
// bodies and of the world. A site adds them if it wants to.
var neutral = set("anal anus arse balls boner boob bugger butt clitoris crap dyke feck flange gyat hoe horny incest jerk " +
	"labia muff naked nazi nipple nips nude pedophile penis piss poop porn prostitut pube queer rape rapist scrotum sex spunk tits titty turd vagina wank")

// within are words of the list that are as bad as a part of another word.
var within = set("fuck shit cunt bitch slut whore nigga nigger asshole dumbass pussy bastard blowjob dildo jizz douchebag fellatio rimjob faggot")

// more is what the library finds as parts of words, and we only as themselves.
const more = "dickhead jackass faggot fuk fck fvck phuck f*ck sh*t b*tch c*nt"

// DefaultWords returns the words of a site that names none: those that
// github.com/TwiN/go-away lists, but for what is said of oneself.
func DefaultWords() *Words {
	w := &Words{whole: map[string]bool{}, phrases: map[string][][]string{}, allowed: map[string]bool{}}
	for _, list := range [][]string{goaway.DefaultProfanities, goaway.DefaultFalseNegatives, strings.Fields(more)} {
		for _, word := range list {
			switch {
			case neutral[word]:
			case within[word]:
				w.addPart(word)
			default:
				w.whole[word] = true
			}
		}
	}
	w.honest = goaway.DefaultFalsePositives
	return w
}

const (
	maxEntry   = 100    // characters of an entry
	maxEntries = 50_000 // of a file
)

// ReadWords returns the default words with a site's own: one word or phrase a
// line; a line that begins with ! names a word to allow, one with # is a comment.
// A word is found by itself and with the usual endings, also written with other
// letters; one of a script without spaces is found everywhere. Errors name file
// and line.
func ReadWords(file string, from io.Reader) (*Words, error) {
	w := DefaultWords()
	lines := bufio.NewScanner(from)
	n, entries := 0, 0
	for lines.Scan() {
		n++
		line := lines.Text()
		entry, allow := strings.CutPrefix(strings.TrimSpace(line), "!")
		entry = strings.TrimSpace(entry)
		if !allow && (entry == "" || entry[0] == '#') {
			continue
		}
		if entries++; entries > maxEntries {
			return nil, fmt.Errorf("%s:%d: more than %d entries; shorten the list", file, n, maxEntries)
		}
		if err := w.add(entry, allow); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, n+1, err)
	}
	return w, nil
}

// add adds an entry of a site's list.
func (w *Words) add(entry string, allow bool) error {
	if !utf8.ValidString(entry) {
		return fmt.Errorf("is not UTF-8; save the file as UTF-8")
	}
	if n := utf8.RuneCountInString(entry); n > maxEntry {
		return fmt.Errorf("has %d characters; an entry has at most %d", n, maxEntry)
	}
	var f folded
	f.fold(entry)
	tokens := wordsOf(f.text)
	switch {
	case len(tokens) == 0 || len(tokens) == 1 && utf8.RuneCountInString(tokens[0]) < 2:
		return fmt.Errorf("%q has too few letters to be found; write a word, a phrase, or # before a comment", entry)
	case allow && len(tokens) > 1:
		return fmt.Errorf("%q allows a phrase; allow its words one by one", entry)
	case allow:
		w.allowed[tokens[0]] = true
	case len(tokens) > 1:
		w.phrases[tokens[0]] = append(w.phrases[tokens[0]], tokens)
	case strings.ContainsFunc(tokens[0], unspaced):
		w.addPart(tokens[0])
	default:
		w.whole[tokens[0]] = true
	}
	return nil
}

func (w *Words) addPart(part string) {
	w.parts = append(w.parts, part)
	w.starts[startHash(part)] = true
}

// unspaced reports whether a script is written without spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// wordsOf splits folded text into words as look does.
func wordsOf(text []byte) []string {
	return strings.FieldsFunc(string(text), func(r rune) bool { return r < utf8.RuneSelf && !isTokenByte(byte(r)) })
}

func startHash[T string | []byte](s T) int {
	return (int(s[0])<<9 ^ int(s[1])<<5 ^ int(s[2])) & (1<<14 - 1)
}

// check adds what is in the list of the word text[start:end]. plain is the word
// without leet, which it may not have had.
func (w *Words) check(d *finder, start, end int, plain []byte, changed bool) {
	token := d.text[start:end]
	if w.allowed[string(token)] || changed && w.allowed[string(plain)] {
		return
	}
	var buf [maxWord]byte
	if w.isWhole(token) || changed && w.isWhole(plain) || hasRun(plain) &&
		(w.isWhole(shorten(buf[:0], plain, 2)) || w.isWhole(shorten(buf[:0], plain, 1))) {
		d.add(word, start, end, "")
		return
	}
	if from, to, ok := w.findPart(plain); ok {
		d.add(word, start+from, start+to, "") // leet keeps the places
	} else if hasRun(plain) {
		for n := range 2 {
			if _, _, ok := w.findPart(shorten(buf[:0], plain, n+1)); ok {
				d.add(word, start, end, "")
				break
			}
		}
	}
	if len(w.phrases) > 0 {
		w.checkPhrases(d, start, plain)
	}
}

// isWhole reports whether the word is in the list, as it is or with an ending.
func (w *Words) isWhole(token []byte) bool {
	if w.whole[string(token)] {
		return true
	}
	for n := 1; n <= 4 && len(token)-n >= 3; n++ {
		if endings[string(token[len(token)-n:])] && w.whole[string(token[:len(token)-n])] {
			return true
		}
	}
	return false
}

// hasRun reports whether a letter stands three times in a row.
func hasRun(token []byte) bool {
	for i := 2; i < len(token); i++ {
		if token[i] == token[i-1] && token[i] == token[i-2] {
			return true
		}
	}
	return false
}

// shorten appends a word in which every run of three letters and more has only n.
func shorten(buf, token []byte, n int) []byte {
	for i := 0; i < len(token); {
		run := 1
		for i+run < len(token) && token[i+run] == token[i] {
			run++
		}
		keep := run
		if run > 2 {
			keep = n
		}
		buf = append(buf, token[i:i+keep]...)
		i += run
	}
	return buf
}

// findPart returns where one of the parts is in the word.
func (w *Words) findPart(token []byte) (from, to int, ok bool) {
	for i := 0; i+3 <= len(token); i++ {
		if !w.starts[startHash(token[i:])] {
			continue
		}
		for _, part := range w.parts {
			if len(token)-i >= len(part) && string(token[i:i+len(part)]) == part && !w.isHonest(token, part) {
				return i, i + len(part), true
			}
		}
	}
	return 0, 0, false
}

// isHonest reports whether the word has the part in it by chance.
func (w *Words) isHonest(token []byte, part string) bool {
	for _, honest := range w.honest {
		if strings.Contains(honest, part) && strings.Contains(string(token), honest) {
			return true
		}
	}
	return false
}

// checkPhrases adds the phrases that begin with the word at start.
func (w *Words) checkPhrases(d *finder, start int, plain []byte) {
next:
	for _, phrase := range w.phrases[string(plain)] {
		at := start
		for _, want := range phrase {
			for at < len(d.text) && !isTokenByte(d.text[at]) {
				at++
			}
			begin := at
			for at < len(d.text) && isTokenByte(d.text[at]) {
				at++
			}
			if plain, _ := unleet(nil, d.text[begin:at]); string(plain) != want {
				continue next
			}
		}
		d.add(word, start, at, "")
	}
}
