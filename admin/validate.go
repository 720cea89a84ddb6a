package admin

import (
	"unicode/utf8"

	"github.com/joingyd/joingyd/ident"
)

// Validate is as that of BanRequest.
func (r KickRequest) Validate() error {
	if n := utf8.RuneCountInString(r.Reason); n > maxKickReason {
		return invalid("the reason has %d characters; shorten it to %d", n, maxKickReason)
	}
	_, err := parseSession(r.Session)
	return err
}

const maxKickReason = 300 // characters, as of a decision

func parseSession(text string) (ident.Session, error) {
	id, err := ident.ParseSession(text)
	if err != nil {
		return id, invalid("%s is not a session; write the 26 characters of its id", quote(text))
	}
	return id, nil
}
