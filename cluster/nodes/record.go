package nodes

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

const (
	maxRecord = 64 << 10
	maxBans   = 4096 // origins in a record
)

// record is a Node with what makes it move.
type record struct {
	Node
	Counter uint64 `json:"counter"`
	Left    bool   `json:"left,omitempty"` // it has left on its own
}

var (
	errForm = errors.New("nodes: not the record of a node")
	errMAC  = errors.New("nodes: a record under another key")
)

// codec writes and reads records.
type codec struct{ key []byte }

func newCodec(clusterKey [32]byte) codec {
	key, err := hkdf.Key(sha256.New, clusterKey[:], nil, "joingyd cluster: records of nodes", sha256.Size)
	if err != nil {
		panic(err) // only for a length that no hash has
	}
	return codec{key}
}

func (c codec) mac(redisKey, incarnation, body string) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(redisKey + "\n" + incarnation + "\n" + body))
	return mac.Sum(nil)
}

// encode writes a record for its key in Redis: INCARNATION MAC JSON.
func (c codec) encode(redisKey string, r record) string {
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // no part of a record can fail: see Report.within
	}
	mac := base64.RawURLEncoding.EncodeToString(c.mac(redisKey, r.Incarnation, string(body)))
	return r.Incarnation + " " + mac + " " + string(body)
}

// decode reads what is at a key in Redis. With errMAC the record is that of a node with
// another cluster key, as far as anybody can tell.
func (c codec) decode(redisKey, text string) (r record, err error) {
	if len(text) > maxRecord {
		return r, errForm
	}
	parts := strings.SplitN(text, " ", 3)
	if len(parts) != 3 || parts[0] == "" {
		return r, errForm
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil || json.Unmarshal([]byte(parts[2]), &r) != nil {
		return record{}, errForm
	}
	r.Incarnation = parts[0]
	if !hmac.Equal(mac, c.mac(redisKey, parts[0], parts[2])) {
		return r, errMAC
	}
	if err := r.check(redisKey); err != nil {
		return record{}, err
	}
	return r, nil
}

// check refuses what no node writes.
func (r record) check(redisKey string) error {
	if !ValidName(r.Name) || nodeKey(r.Name) != redisKey || r.Protocol.Min > r.Protocol.Max || r.Online < 0 || r.Waiting < 0 || r.Chats < 0 || r.Doors < 0 || r.Relayed < 0 ||
		math.IsNaN(r.Load) || r.Load < 0 || len(r.Bans) > maxBans {
		return fmt.Errorf("%w: %.80s", errForm, redisKey)
	}
	return nil
}
