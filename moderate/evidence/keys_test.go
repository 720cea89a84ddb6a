package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/joingyd/joingyd/moderate/evidence"
)

const (
	// From the README and manual pages of age.
	public  = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	private = "AGE-SECRET-KEY-1N9JEPW6DWJ0ZQUDX63F5A03GX8QUW7PXDE39N8UYF82VZ9PC8UFS3M7XA9"
)

func TestParseRecipients(t *testing.T) {
	post := newModerator(t, true).recipient.String()
	other := newModerator(t, false).recipient.String()
	for name, test := range map[string]struct {
		lines []string
		count int
		want  string
	}{
		"none":                  {nil, 0, ""},
		"comments":              {[]string{"# anna", "", "  " + public + "\r"}, 1, ""},
		"two":                   {[]string{public, other}, 2, ""},
		"post-quantum":          {[]string{post, newModerator(t, true).recipient.String()}, 2, ""},
		"both kinds":            {[]string{public, "", post}, 0, "line 3: post-quantum keys (age1pq1…) and others (age1…) cannot be mixed"},
		"both kinds, reversed":  {[]string{post, public}, 0, "line 2: post-quantum"},
		"the same":              {[]string{public, other, public}, 0, "line 3: this is the key of line 1 again"},
		"a private key":         {[]string{private}, 0, "line 1: this is a private key, AGE-SECRET-KEY-…: it must leave this machine"},
		"in lower case":         {[]string{strings.ToLower(private)}, 0, "private key"},
		"after a name":          {[]string{public, "anna: " + private}, 0, "line 2: this is a private key"},
		"a private hybrid key":  {[]string{"AGE-SECRET-KEY-PQ-1XXC4XS9DXHZ6TREKQTT3XECY8VNNU7GJ83C3Y49D0GZ3ZUME4JWS6QC3EF"}, 0, "private key"},
		"a key of SSH":          {[]string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"}, 0, "SSH keys"},
		"a key of a plugin":     {[]string{"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"}, 0, "plugins"},
		"a mistyped key":        {[]string{public[:60] + "x" + public[61:]}, 0, "a character is missing"},
		"a key cut off":         {[]string{public[:40]}, 0, "a character is missing"},
		"a hybrid key cut off":  {[]string{post[:1000]}, 0, "a character is missing"},
		"a key with a comment":  {[]string{public + " anna"}, 0, "a character is missing"},
		"something else":        {[]string{"anna"}, 0, "no public key of age"},
		"an armored file begun": {[]string{armor.Header}, 0, "no public key of age"},
	} {
		got, err := evidence.ParseRecipients(test.lines)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || len(got) != test.count {
			t.Errorf("%s: %v, %v, want %d, %q", name, got, err, test.count, test.want)
		}
		if err != nil && (strings.Contains(strings.ToUpper(err.Error()), "1N9JEPW6") || strings.Contains(err.Error(), "1XXC4X")) {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}

func TestRecipientsOfTwoKindsAreRefused(t *testing.T) {
	recipients := []evidence.Recipient{newModerator(t, true).recipient, newModerator(t, false).recipient}
	if _, err := evidence.NewStore(t.TempDir(), recipients, evidence.Options{}); err == nil {
		t.Error("no error")
	}
}

// protect encrypts a file of keys as age -p does, with less work.
func protect(t *testing.T, text string, armored bool) string {
	t.Helper()
	recipient, err := age.NewScryptRecipient("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(2)
	return encrypt(t, text, armored, recipient)
}

func encrypt(t *testing.T, text string, armored bool, recipient age.Recipient) string {
	t.Helper()
	var file bytes.Buffer
	var out io.WriteCloser = nopCloser{&file}
	if armored {
		out = armor.NewWriter(&file)
	}
	w, err := age.Encrypt(out, recipient)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestParseIdentities(t *testing.T) {
	recipient, err := age.ParseX25519Recipient(public)
	if err != nil {
		t.Fatal(err)
	}
	asked := errors.New("nobody is there")
	say := func(word string, err error) func() (string, error) {
		return func() (string, error) { return word, err }
	}
	for name, test := range map[string]struct {
		file       string
		passphrase func() (string, error)
		count      int
		want       error
		text       string
	}{
		"of age-keygen":         {"# created: 2026-11-29\n# public key: age1…\n" + private + "\r\n", nil, 1, nil, ""},
		"two":                   {private + "\n" + private, nil, 2, nil, ""},
		"protected":             {protect(t, private, false), say("correct horse", nil), 1, nil, ""},
		"protected and armored": {protect(t, private, true), say("correct horse\n", nil), 1, nil, ""},
		"the wrong passphrase":  {protect(t, private, true), say("correct cow", nil), 0, evidence.ErrPassphrase, ""},
		"an empty passphrase":   {protect(t, private, true), say("", nil), 0, evidence.ErrPassphrase, ""},
		"nobody to ask":         {protect(t, private, false), nil, 0, evidence.ErrNeedsPassphrase, ""},
		"no answer":             {protect(t, private, false), say("", asked), 0, asked, ""},
		"protected and damaged": {protect(t, private, false)[:240], say("correct horse", nil), 0, nil, "damaged"},
		"a file of evidence":    {encrypt(t, "{}", false, recipient), say("x", nil), 0, nil, "is it a file of evidence?"},
		"public keys":           {public + "\n", nil, 0, nil, "public keys"},
		"nothing":               {"", nil, 0, nil, "no identities found"},
		"mistyped":              {private[:70] + "AAAA", nil, 0, nil, "line 1"},
		"too long":              {strings.Repeat("#", 1<<20+1), nil, 0, nil, "another file"},
	} {
		got, err := evidence.ParseIdentities(strings.NewReader(test.file), test.passphrase)
		if len(got) != test.count || (err == nil) != (test.count > 0) || test.want != nil && !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %d, %v, want %d, %v%s", name, len(got), err, test.count, test.want, test.text)
		}
		if err != nil && strings.Contains(err.Error(), "1N9JEPW6") {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}

func TestAPrivateKeyIsNotPrinted(t *testing.T) {
	identities, err := evidence.ParseIdentities(strings.NewReader(private), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s %d", identities, identities[0], identities[0], identities[0], identities[0])
	slog.New(slog.NewJSONHandler(&out, nil)).Info("", "key", identities[0])
	if strings.Count(out.String(), "REDACTED") != 6 {
		t.Error(out.String())
	}
}
