package disclosure

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/netip"
	"time"
)

// Version is that of bundles.
const Version = 1

// MaxRows is the most rows of addresses in a bundle.
const MaxRows = 20_000

// Manifest is what a bundle tells.
type Manifest struct {
	Version     int       `json:"version"`
	ID          string    `json:"id"`
	Kind        Kind      `json:"kind"`
	Asked       Ask       `json:"asked"`
	AskedBy     string    `json:"asked_by"`
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
	Made        time.Time `json:"made"`
	Rows        []Row     `json:"rows"`
	Bans        []Ban     `json:"bans,omitempty"`
	Reports     []Report  `json:"reports,omitempty"`
	Notes       []string  `json:"notes"` // how to read it
	Key         string    `json:"key"`   // the site's public key, hexadecimal
	TextSHA256  string    `json:"text_sha256"`
}

// Row is from where a session was used at a time.
type Row struct {
	At      time.Time      `json:"at"`
	Address netip.AddrPort `json:"address"`
	Session string         `json:"session"`
	Event   string         `json:"event,omitempty"` // with Events
	Pair    string         `json:"pair,omitempty"`  // with Events: the chat
	Source  string         `json:"source"`
}

// Ban is one that was or is in force in the span.
type Ban struct {
	ID     string    `json:"id"`
	Reason string    `json:"reason"`
	Made   time.Time `json:"made"`
	Ended  time.Time `json:"ended,omitzero"` // or will; zero: permanent
	Source string    `json:"source"`
}

// Report is what was reported in the span, and what became of it. It names no reporter.
type Report struct {
	Case    string    `json:"case"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	State   string    `json:"state"`
	Decided string    `json:"decided,omitempty"` // what with
	Source  string    `json:"source"`
}

// The files of a bundle, in their order.
const (
	manifestName  = "manifest.json"
	textName      = "disclosure.txt"
	signedName    = "signed.txt"
	signatureName = "signature.bin"
	keyName       = "key.pem"
)

// Bundle is a disclosure with its proof.
type Bundle struct {
	Manifest  Manifest
	manifest  []byte // as JSON
	text      []byte
	signature []byte
}

// Prepare makes a bundle that is still to be signed.
func Prepare(m Manifest) (*Bundle, error) {
	m.Version = Version
	if len(m.Rows) > MaxRows {
		return nil, fmt.Errorf("there are %d rows, and a bundle has %d at most; narrow --from and --to", len(m.Rows), MaxRows)
	}
	m.TextSHA256 = ""
	text := m.text()
	m.TextSHA256 = digest(text)
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return &Bundle{Manifest: m, manifest: append(manifest, '\n'), text: text}, nil
}

// Digest is what is signed: the SHA-256 of the manifest, hexadecimal.
func (b *Bundle) Digest() string { return digest(b.manifest) }

// Text is the bundle for people.
func (b *Bundle) Text() string { return string(b.text) }

// Sign is what the site does with a digest.
func Sign(key ed25519.PrivateKey, id, digest string) []byte {
	return ed25519.Sign(key, signedText(id, digest))
}

// Complete adds the signature, and fails if it is not of the manifest's key.
func (b *Bundle) Complete(signature []byte) error {
	b.signature = signature
	return b.verify()
}

// signedText is the content of signed.txt.
func signedText(id, digest string) []byte {
	return fmt.Appendf(nil, "joingyd disclosure %d\n%s\n%s\n", Version, id, digest)
}

// Marshal returns the tar archive of a bundle that is complete. Equal bundles have equal
// archives.
func (b *Bundle) Marshal() ([]byte, error) {
	key, err := hex.DecodeString(b.Manifest.Key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(key))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, file := range []struct {
		name string
		data []byte
	}{
		{manifestName, b.manifest},
		{textName, b.text},
		{signedName, signedText(b.Manifest.ID, b.Digest())},
		{signatureName, b.signature},
		{keyName, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})},
	} {
		err := w.WriteHeader(&tar.Header{Format: tar.FormatUSTAR, Name: file.name, Mode: 0o600, Size: int64(len(file.data)), ModTime: b.Manifest.Made.Truncate(time.Second)})
		if err == nil {
			_, err = w.Write(file.data)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
