package ban

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// item is one thing that was done at a node, as the log has it and as it goes to other
// nodes. Exactly one of Ban, End, Allow and Disallow says what. JSON: a newer version
// may add fields, and they are passed on as they came.
type item struct {
	Millis int64  `json:"t"` // of its stamp, as are the next two
	Count  uint32 `json:"c,omitempty"`
	Origin string `json:"n"`

	Scope  Scope        `json:"scope,omitempty"`
	Kind   Kind         `json:"kind,omitempty"`
	Of     origin       `json:"of,omitempty"`
	Key    string       `json:"key,omitempty"` // id, hexadecimal, of what is hashed
	Tag    *tag         `json:"tag,omitempty"`
	Prefix netip.Prefix `json:"prefix,omitzero"`

	Ban      *itemBan   `json:"ban,omitempty"`
	End      *ending    `json:"end,omitempty"`
	Allow    *itemAllow `json:"allow,omitempty"`
	Disallow bool       `json:"disallow,omitempty"`
}

type itemBan struct {
	ID      ID     `json:"id"` // that it has where it was made, and elsewhere if no other has it there
	Reason  string `json:"reason,omitempty"`
	Until   int64  `json:"until,omitempty"` // Unix milliseconds; 0: never
	Weak    bool   `json:"weak,omitempty"`  // it is NeverSooner
	details        // note, by, report, created and so on
}

type itemAllow struct {
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by,omitempty"`
	Created time.Time `json:"created"`
}

// itemOfBan describes a ban on a cell. The stamp is the caller's.
func itemOfBan(key cellKey, r *record, weak bool) *item {
	i := itemOn(key)
	i.Kind, i.Of = r.Kind, r.of
	i.Ban = &itemBan{
		ID: r.ID, Reason: r.Reason, Until: untilMillis(r.Until), Weak: weak,
		details: details{
			Address: r.Address, Note: r.Note, By: r.By, Report: r.Report, Shared: r.Shared, Imported: r.Imported, Created: r.Created,
		},
	}
	return i
}

// itemOn is an item about a cell, which does not say yet what was done.
func itemOn(key cellKey) *item {
	if prefix, is := key.allows(); is {
		return &item{Prefix: prefix}
	}
	i, rest := &item{Scope: scopes[key[1]]}, []byte(key[3:])
	if key[2] == 'p' {
		i.Prefix = decodePrefix(rest)
		return i
	}
	t := tag(rest[len(keyID{}):])
	i.Tag, i.Key = &t, hex.EncodeToString(rest[:len(keyID{})])
	return i
}

func (i *item) stamp() stamp { return stamp{i.Millis, i.Count, i.Origin} }

func (i *item) setStamp(s stamp) { i.Millis, i.Count, i.Origin = s.millis, s.count, s.origin }

// act is the item for its cell.
func (i *item) act(at place) act {
	e := act{stamp: i.stamp(), at: at}
	switch {
	case i.Ban != nil:
		if e.deed, e.until = deedBan, i.Ban.Until; i.Ban.Weak {
			e.deed = deedWeak
		}
	case i.Allow != nil:
		e.deed = deedBan
	}
	return e
}

// cell names what the item is about. It checks everything that the store relies on, as
// another node has made it.
func (i *item) cell() (cellKey, error) {
	said := 0
	for _, is := range []bool{i.Ban != nil, i.End != nil, i.Allow != nil, i.Disallow} {
		if is {
			said++
		}
	}
	if said != 1 || i.Millis < 0 || !isOrigin(i.Origin) {
		return "", errors.New("it does not say what was done, or where; it may be of a newer joingyd")
	}
	if i.Allow != nil || i.Disallow {
		if i.Allow != nil {
			if err := cmp.Or(validateLine("note", i.Allow.Note, MaxNote), validateLine("name of the admin", i.Allow.By, maxBy)); err != nil {
				return "", err
			}
		}
		if !wholePrefix(i.Prefix) {
			return "", errors.New("its prefix is none")
		}
		return allowCell(i.Prefix), nil
	}
	scope, known := scopeNumbers[i.Scope]
	if !known {
		return "", fmt.Errorf("its scope %s is unknown; it may be of a newer joingyd", quote(string(i.Scope)))
	}
	if b := i.Ban; b != nil {
		if err := cmp.Or(
			validateLine("reason", b.Reason, MaxReason), validateLine("note", b.Note, MaxNote),
			validateLine("name of the admin", b.By, maxBy), validateLine("report", b.Report, maxReport),
			validateLine("address", b.Address, maxBy),
		); err != nil {
			return "", err
		}
		if _, known := kindNumbers[i.Kind]; !known || !i.Of.fits(i.Kind) || i.Kind == KindPrefix != i.Prefix.IsValid() || b.Until < 0 {
			return "", errors.New("what it is on does not fit its kind")
		}
	}
	if i.Tag == nil {
		if !wholePrefix(i.Prefix) || i.Key != "" {
			return "", errors.New("its prefix is none")
		}
		return banCell(scope, rule{prefix: i.Prefix}, keyID{}), nil
	}
	id, err := hex.DecodeString(i.Key)
	if err != nil || len(id) != len(keyID{}) || i.Prefix.IsValid() {
		return "", errors.New("its key is none")
	}
	return banCell(scope, rule{tag: *i.Tag}, keyID(id)), nil
}

// wholePrefix reports whether a prefix is as ParseTarget makes them.
func wholePrefix(p netip.Prefix) bool {
	return p.IsValid() && p == p.Masked() && !p.Addr().Is4In6() && p.Addr().Zone() == ""
}

// record is the ban that the item makes on a rule of this store.
func (i *item) record(id ID, on rule) *record {
	b := i.Ban
	return &record{rule: on, of: i.Of, Ban: Ban{
		ID: id, Kind: i.Kind, Scope: i.Scope, Prefix: on.prefix, Address: b.Address, Reason: b.Reason, Note: b.Note, By: b.By,
		Report: b.Report, Shared: b.Shared, Imported: b.Imported, Created: b.Created, Until: untilTime(b.Until),
	}}
}

// decodeItem reads an item as it came.
func decodeItem(text []byte) (i *item, err error) {
	i = &item{}
	return i, json.Unmarshal(text, i)
}
