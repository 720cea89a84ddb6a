package ban

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// sealSize is what a seal adds: a CRC-32C of the key and the content. A value
// under another's key is damaged too.
const sealSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errSeal = errors.New("its checksum is wrong")

func seal(key, content []byte) []byte {
	return binary.BigEndian.AppendUint32(content, checksum(key, content))
}

// unseal returns the content of what seal made.
func unseal(key, value []byte) ([]byte, error) {
	n := len(value) - sealSize
	if n < 0 || checksum(key, value[:n]) != binary.BigEndian.Uint32(value[n:]) {
		return nil, errSeal
	}
	return value[:n:n], nil
}

func checksum(key, content []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, content)
}

// sealOf returns the checksum that a sealed value carries.
func sealOf(value []byte) uint32 { return binary.BigEndian.Uint32(value[len(value)-sealSize:]) }
