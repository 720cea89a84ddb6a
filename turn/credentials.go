package turn

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Credentials are a session's time-limited TURN credentials in the form of
// draft-uberti-behave-turn-rest-00: the username is `expiry:user`, the password
// base64(HMAC-SHA1(secret, username)). The username crosses the network in
// clear, so its user part is a random id, not the session's.
type Credentials struct {
	Username string
	Password string
	Expires  time.Time
}

// password derives the password that goes with username.
func password(secret []byte, username string) string {
	mac := hmac.New(sha1.New, secret) // the algorithm of the TURN REST form
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// longTermKey is the key of RFC 8489 section 9.2.2 for MESSAGE-INTEGRITY.
func longTermKey(username, realm, password string) []byte {
	key := md5.Sum([]byte(username + ":" + realm + ":" + password))
	return key[:]
}

// splitUsername takes `expiry:user` apart. It accepts only the canonical form,
// so that one credential has one username.
func splitUsername(username string) (expires time.Time, user string, ok bool) {
	digits, user, ok := strings.Cut(username, ":")
	if !ok {
		return time.Time{}, "", false
	}
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != digits {
		return time.Time{}, "", false
	}
	return time.Unix(seconds, 0), user, true
}
