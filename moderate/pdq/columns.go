package pdq

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// column is what a cell of a line means.
type column int

const (
	columnOther column = iota
	columnHash
	columnKind
	columnCategory
	columnQuality
	columnLabel
	columnSource
	columnTags
)

// names are the names of columns, in lower case: those that threatexchange dataset
// --csv writes (signal_type, signal_str, collab, category, tags), those of
// ThreatExchange's API (indicator, type), and the usual ones.
var names = map[string]column{
	"hash": columnHash, "pdq": columnHash, "pdq_hash": columnHash, "hash_pdq": columnHash, "signal_str": columnHash, "signal_value": columnHash, "indicator": columnHash,
	"signal_type": columnKind, "type": columnKind, "hash_type": columnKind,
	"category": columnCategory,
	"quality":  columnQuality, "pdq_quality": columnQuality,
	"label": columnLabel,
	"list":  columnSource, "bank": columnSource, "collab": columnSource,
	"tags": columnTags,
}

// headerless is what a line without a header says.
var headerless = []column{columnHash, columnLabel}

// header reads a first line as one of names. It is nil if none of them, or more than
// one, is that of a hash.
func header(cells []string) []column {
	var h []column
	hashes := 0
	for _, cell := range cells {
		c := names[strings.ToLower(cell)]
		if c == columnHash {
			hashes++
		}
		h = append(h, c)
	}
	if hashes != 1 {
		return nil
	}
	return h
}

// knownKinds are the kinds that say that a hash is PDQ's: of python-threatexchange, of
// ThreatExchange's API.
var knownKinds = []string{"", "pdq", "hash_pdq"}

// entry returns what the cells of a line say, or why that makes no entry. Of several
// columns that mean the same, the first that is not empty counts.
func entry(h []column, cells []string) (e Entry, why string) {
	var of [columnTags + 1]string
	for i, cell := range cells[:min(len(cells), len(h))] {
		of[h[i]] = cmp.Or(of[h[i]], cell)
	}
	// What threatexchange hash prints has the kind in front of the hash.
	if kind, hash, ok := strings.Cut(of[columnHash], " "); ok && of[columnKind] == "" {
		of[columnKind], of[columnHash] = kind, strings.TrimSpace(hash)
	}
	if !slices.Contains(knownKinds, strings.ToLower(of[columnKind])) {
		return Entry{}, fmt.Sprintf("it is of the kind %s and not pdq; leave it out", quote(of[columnKind]))
	}
	if why := unwanted(of[columnCategory]); why != "" {
		return Entry{}, why
	}
	if q, err := strconv.ParseFloat(of[columnQuality], 64); err == nil && q < MinQuality {
		return Entry{}, fmt.Sprintf("its quality %v is under %d: there is too little to see in the picture; leave it out", q, MinQuality)
	}
	hash, err := ParseHash(of[columnHash])
	if err != nil {
		return Entry{}, fmt.Sprintf("the hash %s is none: %v; correct or delete it", quote(of[columnHash]), err)
	}
	if n := hash.ones(); n < fewestOnes || n > mostOnes {
		return Entry{}, fmt.Sprintf("%d of its 256 bits are set, where PDQ sets half of them: it is a hash of another kind, such as SHA-256, or was damaged; ask where the list comes from", n)
	}
	label := of[columnLabel]
	if label == "" {
		label = strings.TrimSpace(of[columnSource] + " " + of[columnTags])
	}
	return Entry{hash, clean(label)}, ""
}

// A picture's hash has 128 bits set, as all published ones of the reference have; other
// programs may reckon the median otherwise. Of hashes that are as good as random, such
// as SHA-256, a quarter has fewer or more than these.
const (
	fewestOnes = 119
	mostOnes   = 137
)

// unwanted is why a picture of a category is not one to look for, as
// python-threatexchange means them (SignalOpinionCategory).
func unwanted(category string) string {
	switch category {
	case "NEGATIVE_CLASS":
		return "its category NEGATIVE_CLASS says that it is harmless or an example; leave it out"
	case "INVESTIGATION_SEED":
		return "its category INVESTIGATION_SEED says that nobody has verified it; leave it out until it is POSITIVE_CLASS"
	default:
		return ""
	}
}

// maxLabel bounds a label, in characters.
const maxLabel = 80

// clean makes a label that can be shown and be written on a line.
func clean(text string) string { return shorten(text, maxLabel) }

// quote makes a piece of a line fit for a message.
func quote(text string) string { return strconv.Quote(shorten(text, 70)) }

// shorten returns at most so many characters of a text, with one space for each piece
// of white space and of what cannot be shown.
func shorten(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, unshown), " ")
	for i := range text {
		if most == 0 {
			return strings.TrimSpace(text[:i])
		}
		most--
	}
	return text
}

func unshown(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == unicode.ReplacementChar
}
