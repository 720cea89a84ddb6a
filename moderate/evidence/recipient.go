package evidence

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// Recipient is a moderator's public key.
type Recipient struct {
	key  age.Recipient
	text string
}

// String returns age1….
func (r Recipient) String() string { return r.text }

const hybridPrefix = "age1pq1"

func (r Recipient) hybrid() bool { return strings.HasPrefix(r.text, hybridPrefix) }

// The errors of ParseRecipients repeat nothing of a line, which may be a secret.
var (
	errPrivateKey = errors.New("this is a private key, AGE-SECRET-KEY-…: it must leave this machine, and whatever backups have it; " +
		"make a new one elsewhere and write here its public key, age1…")
	errSSHKey  = errors.New("SSH keys cannot be used, browsers cannot open what is sealed to them; write an age public key, age1…")
	errPlugin  = errors.New("keys of plugins cannot be used; write a public key of age-keygen, age1… or age1pq1…")
	errNoKey   = errors.New("this is no public key of age; write age1… or age1pq1…, one a line")
	errMistype = errors.New("this begins like a public key of age and is none: a character is missing or another; copy it again")
	errMixed   = errors.New("post-quantum keys (age1pq1…) and others (age1…) cannot be mixed: the weaker would decide; use one kind for all moderators")
)

// ParseRecipients reads public keys, one a line. Empty lines and lines that begin
// with # are ignored. All must be of one kind. No line at all is no error.
func ParseRecipients(lines []string) ([]Recipient, error) {
	var recipients []Recipient
	seen := map[string]int{}
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := parseRecipient(line)
		if err == nil && seen[r.text] != 0 {
			err = fmt.Errorf("this is the key of line %d again; remove one", seen[r.text])
		}
		if err == nil && len(recipients) > 0 && recipients[0].hybrid() != r.hybrid() {
			err = errMixed
		}
		if err != nil {
			return nil, fmt.Errorf("evidence: recipients: line %d: %w", i+1, err)
		}
		seen[r.text] = i + 1
		recipients = append(recipients, r)
	}
	return recipients, nil
}

func parseRecipient(text string) (r Recipient, err error) {
	r.text = text
	switch {
	case strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-"):
		return r, errPrivateKey
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-"), strings.HasPrefix(text, "sk-"):
		return r, errSSHKey
	case strings.HasPrefix(text, hybridPrefix):
		r.key, err = age.ParseHybridRecipient(text)
	case strings.HasPrefix(text, "age1") && strings.Contains(text[len("age1"):], "1"): // a plugin's name comes between
		return r, errPlugin
	case strings.HasPrefix(text, "age1"):
		r.key, err = age.ParseX25519Recipient(text)
	default:
		return r, errNoKey
	}
	if err != nil {
		return r, errMistype
	}
	return r, nil
}
