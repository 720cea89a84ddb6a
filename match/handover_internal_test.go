package match

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"testing"
	"time"

	"github.com/joingyd/joingyd/ident"
)

func hashOf(token string) resumeHash { return sha256.Sum256([]byte(token)) }

// record returns one with so many that are not wanted.
func record(unwanted int) handed {
	r := handed{handedChat: handedChat{
		Session: ident.NewSession(), Partner: ident.NewSession(), Pair: ident.NewPair(), Video: true, Spoke: [2]bool{true, false},
		Last: 7, PartnerLast: 8, Order: 9, Report: [8]byte([]byte("abcdefgh")), Prover: proverKey{1, 2},
	}}
	for range unwanted {
		r.blocked = append(r.blocked, ident.NewSession())
	}
	return r
}

func TestARecordOpensWithItsTokenOnly(t *testing.T) {
	for _, test := range []struct{ unwanted, size int }{{0, 1}, {4, 1}, {5, 2}, {maxBlocked, 9}} {
		r := record(test.unwanted)
		name, sealed := r.seal(hashOf("token"))
		r.name = name
		if got, ok := hashOf("token").open(sealed); !ok || !reflect.DeepEqual(got, r) {
			t.Errorf("opened %+v, %v; want %+v", got, ok, r)
		}
		if want := test.size*handedSize + 16; len(sealed) != want {
			t.Errorf("%d that are not wanted: %d bytes, want %d", test.unwanted, len(sealed), want)
		}
		if other, _ := hashOf("other").keys(); other == name {
			t.Error("two tokens, one name")
		}
		if _, ok := hashOf("other").open(sealed); ok {
			t.Error("another token opens it")
		}
		for _, bad := range [][]byte{nil, sealed[1:], sealed[:len(sealed)-1], append([]byte{sealed[0] ^ 1}, sealed[1:]...)} {
			if _, ok := hashOf("token").open(bad); ok {
				t.Error("a spoilt record opens")
			}
		}
	}
}

// What parses is what encode wrote, and whatever a token finds there opens or does not.
func FuzzHandover(f *testing.F) {
	o := &handover{made: time.Unix(1_800_000_000, 0), spread: 3 * time.Second, sealed: map[handedName][]byte{}}
	for i, token := range []string{"token", "another"} {
		name, sealed := record(i).seal(hashOf(token))
		o.sealed[name] = sealed
	}
	whole := o.encode()
	for _, seed := range [][]byte{whole, whole[:handoverHead], whole[:len(whole)-1], append(bytes.Clone(whole), whole[handoverHead:]...), nil, []byte(handoverMagic)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseHandover(data)
		if err != nil {
			return
		}
		again, err := parseHandover(o.encode())
		if err != nil || !reflect.DeepEqual(again, o) {
			t.Errorf("%+v became %+v, %v", o, again, err)
		}
		for _, sealed := range o.sealed {
			if r, ok := hashOf("token").open(sealed); ok && len(r.blocked) > maxBlocked {
				t.Errorf("%d that are not wanted", len(r.blocked))
			}
		}
	})
}
