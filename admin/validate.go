package admin

import "github.com/joingyd/joingyd/ident"

// Validate is as that of BanRequest.
func (r KickRequest) Validate() error {
	_, err := parseSession(r.Session)
	return err
}

func parseSession(text string) (ident.Session, error) {
	id, err := ident.ParseSession(text)
	if err != nil {
		return id, invalid("%s is not a session; write the 26 characters of its id", quote(text))
	}
	return id, nil
}
