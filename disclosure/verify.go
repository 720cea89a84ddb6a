package disclosure

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxBundle is the most bytes that Parse reads.
const MaxBundle = 8 << 20

// Errors of Parse.
var (
	ErrNoBundle = errors.New("this is no bundle of joingyd disclose")
	ErrCut      = errors.New("the bundle is cut off: its end is missing; copy it again")
	ErrChanged  = errors.New("the bundle was changed since it was signed; do not rely on it, and ask the site for it again")
	ErrNewer    = errors.New("the bundle is of a newer joingyd; check it with that")
)

// Parse reads a bundle and checks it: that it is whole, that its digests are those of its
// files, and that its signature is of the key that it names. Whose key that is the caller
// must know otherwise.
func Parse(data []byte) (*Bundle, error) {
	if len(data) > MaxBundle {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrNoBundle, MaxBundle)
	}
	b := new(Bundle)
	var signed, key []byte
	r := tar.NewReader(bytes.NewReader(data))
	for i, file := range []struct {
		name string
		into *[]byte
	}{{manifestName, &b.manifest}, {textName, &b.text}, {signedName, &signed}, {signatureName, &b.signature}, {keyName, &key}} {
		header, err := r.Next()
		if i == 0 && (err != nil || header.Name != file.name) {
			return nil, ErrNoBundle
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrCut
		}
		if err != nil || header.Name != file.name {
			return nil, fmt.Errorf("%w: where %s should be is something else", ErrChanged, file.name)
		}
		if *file.into, err = io.ReadAll(r); err != nil {
			return nil, ErrCut
		}
	}
	if err := b.decode(); err != nil {
		return nil, err
	}
	if err := b.verify(); err != nil {
		return nil, err
	}
	// Whatever else is in it is not covered by the signature: there must be nothing.
	canonical, err := b.Marshal()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %v", ErrChanged, err)
	case len(data) < len(canonical) && bytes.HasPrefix(canonical, data):
		return nil, ErrCut
	case !bytes.Equal(canonical, data):
		return nil, fmt.Errorf("%w: there is something in it besides what is signed", ErrChanged)
	}
	return b, nil
}

func (b *Bundle) decode() error {
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b.manifest, &version); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrChanged, manifestName, err)
	}
	if version.Version > Version {
		return ErrNewer
	}
	d := json.NewDecoder(bytes.NewReader(b.manifest))
	d.DisallowUnknownFields()
	if err := d.Decode(&b.Manifest); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrChanged, manifestName, err)
	}
	return nil
}

// verify checks the digest of the text, and the signature.
func (b *Bundle) verify() error {
	if digest(b.text) != b.Manifest.TextSHA256 {
		return fmt.Errorf("%w: %s is not the one that was signed", ErrChanged, textName)
	}
	key, err := hex.DecodeString(b.Manifest.Key)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: it names no key", ErrChanged)
	}
	if !ed25519.Verify(key, signedText(b.Manifest.ID, b.Digest()), b.signature) {
		return fmt.Errorf("%w: the signature is not of this %s", ErrChanged, manifestName)
	}
	return nil
}
