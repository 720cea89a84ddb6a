package web

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// accepted are the pages that visitors accept before they chat.
var accepted = []string{"rules", "terms", "privacy"}

// maxPolicy is how long the version of the policy may be, in bytes.
const maxPolicy = 64

// Policy returns the version of rules, terms and privacy policy that is in effect,
// made of theirs: one if they are the same, else all of them, and for a page whose
// languages differ, theirs. So whichever file gets another version, everybody is
// asked again. What gets too long becomes a digest.
func (t *Texts) Policy() string {
	var versions []string
	for _, name := range accepted {
		var own []string
		for _, l := range t.languages {
			page, _ := t.page(name, l.Code)
			own = append(own, page.Version)
		}
		versions = append(versions, oneOrAll(own, "+"))
	}
	policy := oneOrAll(versions, "/")
	if len(policy) > maxPolicy {
		sum := sha256.Sum256([]byte(policy))
		return hex.EncodeToString(sum[:8])
	}
	return policy
}

// oneOrAll joins the versions, unless they are the same.
func oneOrAll(versions []string, separator string) string {
	if len(slices.Compact(slices.Clone(versions))) == 1 {
		return versions[0]
	}
	return strings.Join(versions, separator)
}
