package match

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ClaimHeader is the header of a posted still that carries what the browser of whoever
// saw it says that it shows.
const ClaimHeader = "Still-Labels"

const maxClaim = 1024 // bytes of it

// claimForm is one label with its score: a key and a decimal of RFC 9651, of which the
// fraction has three digits at most.
var claimForm = regexp.MustCompile(`^([a-z][a-z0-9_-]{0,31})=(0|1|0\.[0-9]{1,3}|1\.0{1,3})$`)

// parseClaim reads a ClaimHeader, a dictionary of RFC 9651 section 3.2: "porn=0.934,
// sexy=0.031", each label one of known and once.
func parseClaim(text string, known []string) (map[string]float64, error) {
	if len(text) > maxClaim {
		return nil, errors.New("is too long")
	}
	labels := make(map[string]float64)
	for element := range strings.SplitSeq(text, ",") {
		m := claimForm.FindStringSubmatch(strings.Trim(element, " \t"))
		if m == nil {
			return nil, fmt.Errorf("%q is no label with a score from 0 to 1, such as porn=0.934", element)
		}
		label := m[1]
		if !slices.Contains(known, label) {
			return nil, fmt.Errorf("%s is none of the labels %v", label, known)
		}
		if _, twice := labels[label]; twice {
			return nil, fmt.Errorf("%s is there twice", label)
		}
		score, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		labels[label] = score
	}
	return labels, nil
}

// met reports whether one of the labels has the score that it needs.
func met(labels, least map[string]float64) bool {
	for label, score := range least {
		if has, said := labels[label]; said && has >= score {
			return true
		}
	}
	return false
}
