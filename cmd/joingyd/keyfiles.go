package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/turn"
)

// relaySecretFile has the secret of the relay's credentials.
const relaySecretFile = "turn.secret"

// ageKeyFile has the keys of proofs of age, if somebody asks for any.
const ageKeyFile = "age-pass.key"

// keyFileNames are the files of keys, in the data directory or among systemd's
// credentials.
var keyFileNames = map[admin.KeyPurpose]string{
	admin.KeyBan:   banKeyFile,
	admin.KeyRelay: relaySecretFile,
	admin.KeyAge:   ageKeyFile,

	admin.KeyVisits:     visitKeyFile,
	admin.KeyDisclosure: signingKeyFile,
}

// keyFiles returns what tells where the keys of a data directory are.
func keyFiles(dir string) func(admin.KeyPurpose) admin.KeyFile {
	return func(purpose admin.KeyPurpose) admin.KeyFile {
		file := admin.KeyFile{Path: config.SecretPath(dir, keyFileNames[purpose])}
		file.Credential = config.IsCredential(file.Path)
		if absolute, err := filepath.Abs(file.Path); err == nil { // whoever asks may be elsewhere
			file.Path = absolute
		}
		if info, err := os.Stat(file.Path); err == nil && !file.Credential { // a credential is as old as the process
			file.Made = info.ModTime().UTC().Truncate(time.Second)
		}
		return file
	}
}

// removeKeyDrafts removes what is left in a data directory of writes of keys that were
// cut short.
func removeKeyDrafts(dir string) (err error) {
	for _, name := range keyFileNames {
		err = errors.Join(err, config.RemoveDrafts(filepath.Join(dir, name)))
	}
	return err
}

// loadStoreKeys reads the keys of the store in a data directory. It makes one if
// there is no store, and otherwise not: a store must not get another key.
func loadStoreKeys(dir string) (ban.Keys, error) {
	load := config.LoadSecrets
	if info, err := os.Stat(filepath.Join(dir, banStoreFile)); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		load = config.LoadOrCreateSecrets
	}
	keys, err := readBanKeys(config.SecretPath(dir, banKeyFile), load)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; put the key file back that the store was made with", err)
	}
	return keys, err
}

// openStoreIn opens the store in a data directory with these keys.
func openStoreIn(dir string, keys ban.Keys, o *ban.Options) (*ban.Store, error) {
	store, err := ban.Open(filepath.Join(dir, banStoreFile), keys, o)
	if errors.Is(err, ban.ErrWrongKey) {
		err = fmt.Errorf("%s: %w", config.SecretPath(dir, banKeyFile), err)
	}
	return store, err
}

// loadBanKeys has load read the keys in a directory, whoever hands out others.
func loadBanKeys(dir string, load func(string) ([][config.SecretSize]byte, error)) (ban.Keys, error) {
	return readBanKeys(filepath.Join(dir, banKeyFile), load)
}

func readBanKeys(path string, load func(string) ([][config.SecretSize]byte, error)) (keys ban.Keys, err error) {
	secrets, err := load(path)
	for _, secret := range secrets {
		keys = append(keys, secret)
	}
	return keys, err
}

// saveBanKeys returns what puts keys into a directory.
func saveBanKeys(dir string) admin.KeySaver {
	return func(keys ban.Keys) error {
		var secrets [][config.SecretSize]byte
		for _, key := range keys {
			secrets = append(secrets, key)
		}
		return config.SaveSecrets(filepath.Join(dir, banKeyFile), secrets)
	}
}

// relayRing is the secrets of a running relay. The file has the current one alone:
// no session outlives the process, so nothing needs another after a restart.
type relayRing struct {
	relay *turn.Server
	path  string
}

// Held implements admin.KeyRing.
func (r relayRing) Held() (list []admin.HeldKey, err error) {
	for i, held := range r.relay.Secrets() {
		list = append(list, admin.HeldKey{Key: held.Secret, Until: held.Until.UTC().Truncate(time.Second), Saved: i == 0})
	}
	return list, nil
}

// Rotate implements admin.KeyRing.
func (r relayRing) Rotate(key [32]byte) (dropped int, err error) {
	err = r.relay.Rotate(key, func() error { return saveKeys(r.path, [][32]byte{key}) })
	if errors.Is(err, turn.ErrTooManySecrets) {
		err = &admin.Error{Code: admin.CodeUnavailable, Detail: err.Error()}
	}
	return 0, err
}

// fileRing is keys of which a file tells all. One may rotate it at a time.
type fileRing struct {
	path string
	keep time.Duration                         // that a key which was replaced is needed for; 0: it is not
	use  func([][config.SecretSize]byte) error // makes use of those that are in the file from now on; nil: nobody does
}

// maxFileKeys bounds the keys in such a file.
const maxFileKeys = 8

// Held implements admin.KeyRing.
func (r fileRing) Held() (list []admin.HeldKey, err error) {
	secrets, err := config.LoadSecrets(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, secret := range secrets {
		list = append(list, admin.HeldKey{Key: secret, Saved: true})
	}
	return list, err
}

// Rotate implements admin.KeyRing. The file is as old as its first key, and that is
// how long ago the others were replaced.
func (r fileRing) Rotate(key [32]byte) (dropped int, err error) {
	keys := [][32]byte{key}
	held, err := config.LoadSecrets(r.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if len(held) > 0 && r.keep > 0 {
		keys = append(keys, held[0])
		info, err := os.Stat(r.path)
		if err != nil {
			return 0, err
		}
		if time.Since(info.ModTime()) < r.keep {
			keys = append(keys, held[1:]...)
		}
		keys = keys[:min(len(keys), maxFileKeys)]
	}
	if err := saveKeys(r.path, keys); err != nil {
		return 0, err
	}
	if r.use != nil {
		if err := r.use(keys); err != nil {
			return 0, err
		}
	}
	return len(held) + 1 - len(keys), nil
}

// saveKeys is config.SaveSecrets, with what to do when it fails.
func saveKeys(path string, keys [][32]byte) error {
	if err := config.SaveSecrets(path, keys); err != nil {
		return fmt.Errorf("the keys are as before: %w; make %s writable, and rotate again", err, filepath.Dir(path))
	}
	return nil
}

// passTime is the longest time for which a proof of age is good.
const passTime = 30 * 24 * time.Hour

// storedRings are the keys in a data directory of which no daemon makes use. Who signs
// disclosures reads the file each time; bundles of before bring their own public key.
func storedRings(dir string) map[admin.KeyPurpose]admin.KeyRing {
	rings := map[admin.KeyPurpose]admin.KeyRing{admin.KeyRelay: fileRing{path: config.SecretPath(dir, relaySecretFile)}}
	if path := config.SecretPath(dir, ageKeyFile); fileExists(path) {
		rings[admin.KeyAge] = fileRing{path: path, keep: passTime}
	}
	if fileExists(config.SecretPath(dir, visitKeyFile)) {
		rings[admin.KeyVisits] = visitRing(dir, mostVisitDays, nil)
	}
	if path := config.SecretPath(dir, signingKeyFile); fileExists(path) {
		rings[admin.KeyDisclosure] = fileRing{path: path}
	}
	return rings
}

// mostVisitDays is the longest time for which a receipt of a visit is good: the most that
// privacy.ip_log_days can be.
const mostVisitDays = 3650

func fileExists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
