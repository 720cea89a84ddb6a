package filter

import "bytes"

// signs are what a line must have for one of the closer searches to be worth it.
type signs uint

const (
	signDotWord  signs = 1 << iota // "dot"
	signWWW                        // "www"
	signScheme                     // "//"
	signColons                     // two colons or more
	signAt                         // @, or "at" in brackets
	signTag                        // # before a digit
	signDigits                     // seven digits or more
	signNumbers                    // seven words for digits or more
	signPlatform                   // the name of a site where people have accounts
	signProvider                   // the name of an e-mail provider
)

// vocabulary is what single words are signs of.
var vocabulary = func() map[string]signs {
	m := make(map[string]signs)
	for sign, words := range map[signs]string{
		signDotWord:  "dot d0t punkt punto point ponto",
		signWWW:      "www",
		signPlatform: platformWords,
		signProvider: providerWords,
	} {
		for word := range set(words) {
			m[word] |= sign
		}
	}
	for word := range digitWords {
		m[word] |= signNumbers
	}
	return m
}()

// minDigits is how few digits a telephone number has.
const minDigits = 7

// look reads the folded line once, for signs and words.
func (d *finder) look(words *Words) signs {
	var seen signs
	var digits, numbers, colons int
	d.dots, d.platforms = d.dots[:0], d.platforms[:0]
	text := d.text
	for i := 0; i < len(text); {
		if !isTokenByte(text[i]) {
			switch text[i] {
			case '.':
				if i > 0 && text[i-1] != '.' && (i+1 < len(text) && (isWordByte(text[i+1]) || isBracket(text[i+1])) ||
					i+1 < len(text) && text[i+1] == ' ' && text[i-1] == ' ') {
					d.dots = append(d.dots, i)
				}
			case '/':
				if i > 0 && (text[i-1] == '/' || text[i-1] == ' ') {
					seen |= signScheme
				}
			case ':':
				if colons++; colons > 1 {
					seen |= signColons
				}
			case '(', '[', '{', '<':
				if rest := bytes.TrimLeft(text[i+1:min(i+5, len(text))], " "); bytes.HasPrefix(rest, []byte("at")) {
					seen |= signAt
				}
			case '#':
				if i+1 < len(text) && isDigit(text[i+1]) {
					seen |= signTag
				}
			}
			i++
			continue
		}
		start := i
		for ; i < len(text) && isTokenByte(text[i]); i++ {
			switch {
			case text[i] == '@':
				seen |= signAt
			case isDigit(text[i]):
				digits++
			}
		}
		sign := d.lookAt(start, i, words)
		if seen |= sign &^ signNumbers; sign&signNumbers != 0 {
			numbers++
		}
		if sign&signDotWord != 0 {
			d.dots = append(d.dots, start)
		}
		if sign&signPlatform != 0 {
			d.platforms = append(d.platforms, start)
		}
	}
	if digits >= minDigits {
		seen |= signDigits
	}
	if numbers+digits >= minDigits && numbers > 0 {
		seen |= signNumbers
	}
	return seen
}

// lookAt looks at one word, text[start:end].
func (d *finder) lookAt(start, end int, words *Words) signs {
	for start < end && !isWordByte(d.text[start]) && d.text[start] != '$' && d.text[start] != '@' {
		start++
	}
	for end > start && !isWordByte(d.text[end-1]) && d.text[end-1] != '$' {
		end--
	}
	token := d.text[start:end]
	if len(token) == 0 || len(token) > maxWord {
		return 0
	}
	sign := vocabulary[string(token)]
	var buf [maxWord]byte
	plain, changed := unleet(buf[:0], token)
	if changed {
		if s := vocabulary[string(plain)] & signPlatform; s != 0 && len(plain) > 2 {
			sign |= s
			copy(token, plain) // as long as what it stands for
		}
	}
	if words != nil {
		words.check(d, start, end, plain, changed)
	}
	return sign
}

const maxWord = 64 // bytes; what is longer is no word

// isTokenByte is isWordByte, and what stands for letters in leet.
func isTokenByte(b byte) bool {
	return isWordByte(b) || b == '@' || b == '$' || b == '!' || b == '*' || b == '_' || b == '\''
}

func isBracket(b byte) bool { return b == ')' || b == ']' || b == '}' || b == '>' }

// leet is which letters digits and signs stand for.
var leet = [256]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i'}

// unleet appends a word with letters for the digits and signs in it, if it has
// letters too.
func unleet(buf, token []byte) (plain []byte, changed bool) {
	letters := false
	for _, b := range token {
		if leet[b] != 0 {
			changed = true
		} else if !isDigit(b) {
			letters = true
		}
	}
	if !changed || !letters {
		return token, false
	}
	for _, b := range token {
		if to := leet[b]; to != 0 {
			b = to
		}
		buf = append(buf, b)
	}
	return buf, true
}
