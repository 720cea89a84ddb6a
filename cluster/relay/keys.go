package relay

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// Keys are what credentials for one relay are made with: good there and nowhere else.
type Keys struct {
	User   [32]byte // encrypts the session that a username names
	Secret [32]byte // makes passwords
}

// KeysOf derives a relay's from the cluster's key.
func KeysOf(cluster [32]byte, relay string) Keys {
	return Keys{derive(cluster, "joingyd cluster relay user "+relay), derive(cluster, "joingyd cluster relay secret "+relay)}
}

func derive(cluster [32]byte, purpose string) [32]byte {
	key, err := hkdf.Key(sha256.New, cluster[:], nil, purpose, 32)
	if err != nil {
		panic("relay: " + err.Error()) // the sizes are ours: cannot happen
	}
	return [32]byte(key)
}
