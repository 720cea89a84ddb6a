package cert

import (
	"bytes"
	"encoding/pem"
	"errors"
)

var errCut = errors.New("the file ends, or is damaged, in the middle of a PEM block")

// wholePEM returns errCut where a PEM block begins that cannot be read. crypto/tls
// skips it: of a chain cut off behind its first certificate it would serve that
// one alone, which browsers refuse for want of the CA's.
func wholePEM(text []byte) error {
	begun := bytes.Count(text, []byte("-----BEGIN "))
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		begun--
	}
	rest := bytes.TrimSpace(text)
	lastLine := rest[bytes.LastIndexByte(rest, '\n')+1:]
	if begun != 0 || bytes.HasPrefix(lastLine, []byte("-")) { // perhaps not even BEGIN is whole
		return errCut
	}
	return nil
}
