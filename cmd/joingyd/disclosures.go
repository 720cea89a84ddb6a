package main

import (
	"crypto/ed25519"
	"path/filepath"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
)

// In the data directory: the register of what authorities asked for, and the key with
// which the site signs what it tells them.
const (
	disclosureDir  = "disclosures"
	signingKeyFile = "disclosure.key"
)

func (d *daemon) openDisclosures() (err error) {
	if d.told, err = disclosure.OpenRegister(filepath.Join(d.cfg.DataDir, disclosureDir), nil); err != nil {
		return err
	}
	d.closers = append(d.closers, d.told.Close)
	return nil
}

// signingKey returns what reads the key, and makes one at its first use.
func signingKey(dataDir string) func() (ed25519.PrivateKey, error) {
	return func() (ed25519.PrivateKey, error) {
		seed, err := config.LoadOrCreateSecret(config.SecretPath(dataDir, signingKeyFile))
		return ed25519.NewKeyFromSeed(seed[:]), err
	}
}
