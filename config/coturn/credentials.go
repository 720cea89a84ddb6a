package coturn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Where the configuration looks for secrets, if nothing else is said.
const (
	defaultSecretFile = "/etc/joingyd/turn.secret"
	defaultUsersFile  = "/etc/joingyd/turn.users"
)

// minSecret is the shortest secret that the relay takes, in bytes.
const minSecret = 32

func staticSecret(s *state, l line) (Fate, string, string) {
	s.isSecret = true
	switch {
	case len(l.value) < minSecret:
		return None, "turn.secret_files", fmt.Sprintf("has %d bytes, and here a shared secret has at least %d, for whoever guesses it can use the relay: make one (openssl rand -hex 32), and give it to the back ends as well", len(l.value), minSecret)
	case !slices.Contains(s.secrets, l.value):
		s.secrets = append(s.secrets, l.value)
	}
	return Taken, "turn.secret_files", ""
}

// staticUser reads name:password, or name:0xkey, out of which no password can be made.
func staticUser(s *state, l line) (Fate, string, string) {
	name, password, ok := strings.Cut(l.value, ":")
	switch {
	case !ok || name == "" || password == "" || strings.ContainsAny(l.value, "\r\n") || name[0] == '#':
		return Wrong, "turn.users_file", "is not name:password"
	case strings.HasPrefix(password, "0x"):
		return None, "turn.users_file", "is a key made of the password, which cannot be made back: write name:password into turn.users_file yourself"
	case slices.ContainsFunc(s.users, func(user string) bool { return strings.HasPrefix(user, name+":") }):
		return Wrong, "turn.users_file", "this user is there already; the first is taken over"
	}
	s.users = append(s.users, l.value)
	return Taken, "turn.users_file", ""
}

// finishCredentials names the files.
func (s *state) finishCredentials() {
	c := &s.Config.TURN
	path := cmp.Or(s.opts.SecretFile, defaultSecretFile)
	for i := range s.secrets {
		name := path
		if i > 0 {
			name = fmt.Sprintf("%s.%d", path, i+1)
		}
		s.secretFiles = append(s.secretFiles, name)
	}
	c.SecretFiles = append([]string{}, s.secretFiles...)
	if len(s.users) > 0 {
		s.usersFile = cmp.Or(s.opts.UsersFile, defaultUsersFile)
		c.UsersFile = s.usersFile
	}
	if s.isSecret && len(s.secrets) == 0 {
		for i, note := range s.Notes {
			if note.Fate == Taken && note.Key == "turn.secret_files" {
				s.Notes[i].Fate = None
			}
		}
		s.add(None, "turn.secret_files", "there is no secret in this file that can be used; name a file with one, or nobody but the site's own visitors can use the relay")
	}
	if s.isSecret && len(s.users) > 0 {
		s.add(Differs, "turn.users_file", "coturn uses either users or shared secrets, and secrets where both are given; here both count")
	}
}

// SecretFiles are what has to be written for turn.secret_files: path → text.
func (t Translation) SecretFiles() map[string]string {
	files := make(map[string]string)
	for i, path := range t.secretFiles {
		files[path] = t.secrets[i] + "\n"
	}
	return files
}

// UsersFiles is the same for turn.users_file.
func (t Translation) UsersFiles() map[string]string {
	files := make(map[string]string)
	if t.usersFile != "" {
		files[t.usersFile] = strings.Join(t.users, "\n") + "\n"
	}
	return files
}
