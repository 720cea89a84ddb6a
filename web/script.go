package web

import (
	"bytes"
	"regexp"
)

// comment is a line of a script that is nothing but a comment, or a block of
// them that starts a line, as JSDoc does.
var comment = regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*(?s:.*?)\*/)[ \t]*\n`)

// withoutComments returns a script as browsers need it: a third of the client is
// written for its readers. No text in a script may go over lines (a test holds them
// to it), so that nothing that looks like a comment is anything else.
func withoutComments(script []byte) []byte {
	return bytes.TrimLeft(comment.ReplaceAll(script, nil), "\n")
}
