package main

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/config"
)

const (
	selfSignedFile = "self-signed.pem" // in the data directory, as acmeDir is
	acmeDir        = "acme"
)

// secretFiles returns what tells where the secrets are that no command rotates.
func secretFiles(cfg config.Config) func(admin.SecretName) []string {
	in := func(name string) string { return filepath.Join(cfg.DataDir, name) }
	return func(name admin.SecretName) (list []string) {
		switch name {
		case admin.SecretToken:
			list = []string{cmp.Or(cfg.Admin.TokenFile, config.SecretPath(cfg.DataDir, adminTokenFile))}
		case admin.SecretProxy:
			list = []string{cfg.Admin.WebProxySecretFile}
		case admin.SecretShared:
			list = cfg.TURN.SecretFiles
		case admin.SecretUsers:
			list = []string{cfg.TURN.UsersFile}
		case admin.SecretServices:
			list = []string{cfg.Age.TokenFile, cfg.Moderation.ClassifierTokenFile, cfg.Cluster.PasswordFile, cfg.Cluster.SentinelPasswordFile}
		case admin.SecretCluster:
			if cfg.Cluster.Enabled() {
				list = []string{cmp.Or(cfg.Cluster.KeyFile, config.SecretPath(cfg.DataDir, config.ClusterKeyFile))}
			}
		case admin.SecretTLS:
			list = []string{cfg.TLS.KeyFile, cfg.Cluster.ClientKeyFile, in(selfSignedFile), in(acmeDir)}
		case admin.SecretIPLog:
			list = []string{in(ipLogDir)}
		}
		return slices.DeleteFunc(slices.Clone(list), func(path string) bool { return path == "" || !fileExists(path) })
	}
}
