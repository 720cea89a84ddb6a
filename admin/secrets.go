package admin

import "slices"

// SecretName names secrets that no command rotates.
type SecretName string

// Their names.
const (
	SecretToken    SecretName = "token"
	SecretProxy    SecretName = "proxy"
	SecretShared   SecretName = "shared"
	SecretUsers    SecretName = "users"
	SecretServices SecretName = "services"
	SecretCluster  SecretName = "cluster"
	SecretTLS      SecretName = "tls"
	SecretIPLog    SecretName = "ip-log"
	SecretMemory   SecretName = "memory"
)

// Secret is what may be told of secrets that no command rotates.
type Secret struct {
	Name    SecretName `json:"name"`
	What    string     `json:"what"`    // they do
	Why     string     `json:"why"`     // no command rotates them
	Instead string     `json:"instead"` // what to do
	From    []string   `json:"from"`    // files or directories that they are in; none: in memory only
}

// fixedSecrets are all of them, wherever they are.
func fixedSecrets() []Secret {
	const restart = ", and restart the daemon"
	return []Secret{
		{Name: SecretToken, What: "opens admin.listen", Why: "programs hold a copy", Instead: "put a new one into the file (openssl rand -hex 32)" + restart + "; give it to the programs"},
		{Name: SecretProxy, What: "shows the moderators' page that the proxy asks", Why: "the proxy holds a copy", Instead: "put a new one into admin.web_proxy_secret_file (openssl rand -hex 32) and into the proxy" + restart},
		{Name: SecretShared, What: "sign relay credentials of other back ends", Why: "they hold a copy", Instead: "name a new file in turn.secret_files before the old one" + restart + "; change the back ends, and take the old file away when the last of its credentials has ended"},
		{Name: SecretUsers, What: "passwords of the relay's static users", Why: "the users hold them", Instead: "change the lines of turn.users_file" + restart},
		{Name: SecretServices, What: "tokens and passwords of services that are asked", Why: "who runs the service gives them", Instead: "put the new one into age.token_file, moderation.classifier_token_file, cluster.password_file or cluster.sentinel_password_file" + restart},
		{Name: SecretCluster, What: "seals what nodes tell each other", Why: "every node holds a copy", Instead: "stop all nodes, put a new key into the file of each (openssl rand -hex 32), and start them"},
		{Name: SecretTLS, What: "keys of certificates", Why: "a key goes with its certificate", Instead: "those of ACME are made anew with each certificate; replace tls.key_file and tls.cert_file together; remove self-signed.pem" + restart},
		{Name: SecretIPLog, What: "find rows of the IP log", Why: "each day has its own, which is destroyed with its rows, and by another none of them would be found", Instead: "joingyd privacy erase ends rows before their day, and privacy.ip_log_days all of a day"},
		{Name: SecretMemory, What: "moderators' sessions, tokens of sockets, stills and puzzles, keys of the filter", Why: "no file has them, and each start makes new ones", Instead: "restart the daemon"},
	}
}

// fixedSecret returns that of a name.
func fixedSecret(name string) (Secret, bool) {
	all := fixedSecrets()
	at := slices.IndexFunc(all, func(s Secret) bool { return string(s.Name) == name })
	if at < 0 {
		return Secret{}, false
	}
	return all[at], true
}

// fixed lists those that there are.
func (s *Service) fixed() (list []Secret) {
	if s.opts.SecretFiles == nil {
		return nil
	}
	for _, secret := range fixedSecrets() {
		secret.From = append([]string{}, s.opts.SecretFiles(secret.Name)...)
		if len(secret.From) > 0 || secret.Name == SecretMemory {
			list = append(list, secret)
		}
	}
	return list
}
