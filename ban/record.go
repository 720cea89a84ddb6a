package ban

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// record is a ban with what the store keeps beside it.
type record struct {
	Ban
	rule
	of origin
}

// rule is what a ban is put on, as far as the store knows it. It is comparable:
// two bans of one scope on the same target have the same rule.
type rule struct {
	tag    tag          // of a hashed ban; zero of a KindPrefix
	key    uint8        // number of the key that made the tag
	prefix netip.Prefix // of a KindPrefix
}

// origin is what a tag was made of: what need not be looked for, when no ban has
// it, costs no HMAC.
type origin uint8

const (
	ofPrefix origin = iota // no tag
	ofIPv4
	ofIPv6
	ofSingle // an address of either family: the first schema did not say
	ofNet64
	origins
)

func originOf(t Target) origin {
	switch {
	case t.Kind() == KindPrefix:
		return ofPrefix
	case t.Kind() == KindNet64:
		return ofNet64
	case t.prefix.Addr().Is6():
		return ofIPv6
	}
	return ofIPv4 // a pseudonym's too: it stands for a usual target
}

// fits reports whether a ban of a kind can have a tag of o.
func (o origin) fits(kind Kind) bool {
	switch kind {
	case KindPrefix:
		return o == ofPrefix
	case KindNet64:
		return o == ofNet64
	}
	return o == ofIPv4 || o == ofIPv6 || o == ofSingle
}

// head is the part of a record that the index needs, read without allocating.
type head struct {
	id     ID
	kind   Kind
	scope  uint8
	until  int64 // Unix milliseconds; 0: permanent
	rule   rule
	of     origin
	by     Decider
	reason []byte // in the file's memory
}

// details is the rest, as JSON.
type details struct {
	Address  string    `json:"address,omitempty"`
	Note     string    `json:"note,omitempty"`
	By       string    `json:"by,omitempty"`
	Report   string    `json:"report,omitempty"`
	Shared   bool      `json:"shared,omitempty"`
	Imported bool      `json:"imported,omitempty"`
	Created  time.Time `json:"created"`
}

// A record in the file, under its ID:
//
//	 0  format, 1
//	 1  kind: 0 address, 1 net64, 2 prefix
//	 2  scope
//	 3  number of the key, 0 for a prefix
//	 4  end in Unix milliseconds, big endian; 0: permanent
//	12  tag, its origin, 0; or a prefix: 4 or 6, bits, 16 bytes of address
//	30  reason: length (varint) and text, then details, then the seal
const (
	recordFormat = 1
	headSize     = 30
)

var kinds = [...]Kind{KindAddress, KindNet64, KindPrefix}

var kindNumbers = map[Kind]byte{KindAddress: 0, KindNet64: 1, KindPrefix: 2}

// encode returns the record as it is in the file.
func (r *record) encode() ([]byte, error) {
	out := make([]byte, headSize, headSize+len(r.Reason)+192)
	out[0], out[1], out[2], out[3] = recordFormat, kindNumbers[r.Kind], scopeNumbers[r.Scope], r.key
	binary.BigEndian.PutUint64(out[4:], uint64(untilMillis(r.Until)))
	if r.Kind == KindPrefix {
		addr := r.prefix.Addr().As16()
		out[12], out[13] = 6, byte(r.prefix.Bits())
		if r.prefix.Addr().Is4() {
			out[12] = 4
		}
		copy(out[14:], addr[:])
	} else {
		copy(out[12:], r.tag[:])
		out[28] = byte(r.of)
	}
	out = binary.AppendUvarint(out, uint64(len(r.Reason)))
	out = append(out, r.Reason...)
	rest, err := json.Marshal(details{
		Address: r.Address, Note: r.Note, By: r.By, Report: r.Report, Shared: r.Shared, Imported: r.Imported, Created: r.Created,
	})
	if err != nil {
		return nil, err
	}
	return seal(r.ID.key(), append(out, rest...)), nil
}

// decodeHead reads what the index needs and checks everything that it relies on.
// rest is the JSON of the details.
func decodeHead(key, value []byte) (h head, rest []byte, err error) {
	content, err := unseal(key, value)
	if err != nil {
		return h, nil, err
	}
	id, ok := idOf(key)
	if !ok || len(content) <= headSize {
		return h, nil, errors.New("it is cut off")
	}
	if content[0] != recordFormat || int(content[1]) >= len(kinds) || int(content[2]) >= len(scopes) {
		return h, nil, fmt.Errorf("format %d, kind %d, scope %d are unknown", content[0], content[1], content[2])
	}
	h = head{id: id, kind: kinds[content[1]], scope: content[2], until: int64(binary.BigEndian.Uint64(content[4:]))}
	h.rule.key = content[3]
	if h.kind == KindPrefix {
		h.rule.prefix = decodePrefix(content[12:headSize])
	} else {
		h.rule.tag, h.of = tag(content[12:]), origin(content[28])
	}
	if !h.of.fits(h.kind) || h.kind == KindPrefix != h.rule.prefix.IsValid() || h.kind == KindPrefix != (h.rule.key == 0) {
		return h, nil, errors.New("what it is on does not fit its kind")
	}
	n, size := binary.Uvarint(content[headSize:])
	if size <= 0 || n > uint64(len(content)-headSize-size) {
		return h, nil, errors.New("its reason is cut off")
	}
	reason := content[headSize+size:]
	h.reason, rest = reason[:n], reason[n:]
	h.by = deciderOf(rest)
	return h, rest, nil
}

// decodePrefix returns an invalid prefix where there is none.
func decodePrefix(raw []byte) netip.Prefix {
	addr := netip.AddrFrom16([16]byte(raw[2:]))
	switch raw[0] {
	case 4:
		addr = addr.Unmap()
		if !addr.Is4() {
			return netip.Prefix{}
		}
	case 6:
		if addr.Is4In6() {
			return netip.Prefix{}
		}
	default:
		return netip.Prefix{}
	}
	prefix := netip.PrefixFrom(addr, int(raw[1]))
	if prefix != prefix.Masked() {
		return netip.Prefix{}
	}
	return prefix
}

// decodeRecord reads all of a record.
func decodeRecord(key, value []byte) (*record, error) {
	h, rest, err := decodeHead(key, value)
	if err != nil {
		return nil, err
	}
	var d details
	if err := json.Unmarshal(rest, &d); err != nil {
		return nil, err
	}
	return &record{
		Ban: Ban{
			ID: h.id, Kind: h.kind, Scope: scopes[h.scope], Prefix: h.rule.prefix, Reason: string(h.reason),
			Address: d.Address, Note: d.Note, By: d.By, Report: d.Report, Shared: d.Shared, Imported: d.Imported,
			Created: d.Created, Until: untilTime(h.until),
		},
		rule: h.rule, of: h.of,
	}, nil
}

// untilMillis rounds up: a ban never ends sooner than asked.
func untilMillis(until time.Time) int64 {
	if until.IsZero() {
		return 0
	}
	return until.Add(time.Millisecond - 1).UnixMilli()
}

func untilTime(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
