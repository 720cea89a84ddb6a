package redis

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

// remedies are what to do about what Redis and its Sentinels answer, by how it begins.
var remedies = []struct{ answer, remedy string }{
	{"WRONGPASS", "look at cluster.user, cluster.password_file and, with Sentinels, cluster.sentinel_password_file"},
	{"NOAUTH", "it wants a password: cluster.password_file, or cluster.sentinel_password_file for the Sentinels"},
	{"NOPERM", "the user's ACL forbids it: docs/scaling.md has one that will do"},
	{"ERR No such master", "the NAME in cluster.redis is not one that the Sentinels monitor"},
	{"No such master", "the NAME in cluster.redis is not one that the Sentinels monitor"},
	{"NOREPLICAS", "its min-replicas-to-write is not met: look at the replicas"},
	{"READONLY", "it is a replica: cluster.redis has to name the primary, or the Sentinels"},
	{"OOM", "its maxmemory is reached by what is not joingyd's, or is too little"},
	{"MISCONF", "it cannot save to its disk: make room, or have it keep nothing (save \"\")"},
	{"LOADING", "it reads its data from disk: that ends by itself, and with save \"\" there is none to read"},
	{"BUSY ", "a script of somebody else's runs on it: SCRIPT KILL ends that; let joingyd have a Redis of its own"},
	{"MASTERDOWN", "it is a replica without its primary: look at those"},
	{"CLUSTERDOWN", "the Redis Cluster lacks slots or a majority: look at its nodes"},
	{"ERR max number of clients reached", "raise its maxclients, or find out who else uses it"},
}

// Explain adds to an error of Redis what an operator can do about it.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	for _, r := range remedies {
		if strings.HasPrefix(err.Error(), r.answer) {
			return fmt.Errorf("%w; %s", err, r.remedy)
		}
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("%w; name who signed its certificate in cluster.ca_file", err)
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Errorf("%w; its certificate has to name what stands in cluster.redis, and what Sentinels or a cluster announce", err)
	}
	return err
}
