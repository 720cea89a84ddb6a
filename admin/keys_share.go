package admin

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/joingyd/joingyd/ban"
)

// KeyService is the host in requests by which a node hands out a key that it has just made,
// of those that all nodes have. Nobody can ask for one.
const KeyService = "keys"

// sharedKey is what such a request has.
type sharedKey struct {
	Key string `json:"key"` // hexadecimal
	By  string `json:"by"`  // who rotated
}

// isShared reports whether all nodes have the keys of a purpose: a ban is in force, and a
// proof of age good, where the key is known that it was made under.
func isShared(purpose KeyPurpose) bool { return purpose == KeyBan || purpose == KeyAge }

// shareKey hands a new key to all other nodes. It returns those that have it, and why others
// have not.
func (s *Service) shareKey(ctx context.Context, purpose KeyPurpose, key [32]byte, by string) (nodes, missing []string) {
	body, err := json.Marshal(sharedKey{hex.EncodeToString(key[:]), by})
	if err != nil {
		return nil, []string{err.Error()} // our own type: cannot happen
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, node := range s.opts.Nodes.All() {
		all.Go(func() {
			failed := s.giveKey(ctx, node, purpose, body)
			mu.Lock()
			defer mu.Unlock()
			if failed != "" {
				missing = append(missing, failed)
			} else {
				nodes = append(nodes, node)
			}
		})
	}
	all.Wait()
	slices.Sort(nodes)
	slices.Sort(missing)
	return nodes, missing
}

// giveKey returns why a node does not have the key.
func (s *Service) giveKey(ctx context.Context, node string, purpose KeyPurpose, body []byte) (failed string) {
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+KeyService+"/"+string(purpose), bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	answer, err := s.opts.Nodes.To(node).RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return ""
	}
	failure := new(Failed)
	if err := json.NewDecoder(answer.Body).Decode(failure); err != nil || failure.Detail == "" {
		return "node " + node + " answers " + answer.Status
	}
	return "node " + node + ": " + failure.Detail
}

// TakeKeys has what other nodes hand out by KeyService taken. from returns the node of a
// request.
func (s *Server) TakeKeys(from func(context.Context) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{purpose}", s.answer(func(r *http.Request) (any, error) {
		var shared sharedKey
		if err := decode(r, &shared); err != nil {
			return nil, err
		}
		return struct{}{}, s.service.takeKey(r.Context(), KeyPurpose(r.PathValue("purpose")), shared, from(r.Context()))
	}))
	return named(mux)
}

// takeKey makes another node's key the current one. What there is keeps the key that it was
// made with.
func (s *Service) takeKey(ctx context.Context, purpose KeyPurpose, shared sharedKey, from string) error {
	raw, err := hex.DecodeString(shared.Key)
	if err != nil || len(raw) != len(ban.Key{}) || !isShared(purpose) {
		return invalid("this is no key for all nodes")
	}
	key := ban.Key(raw)
	rotate, err := s.rotation(purpose)
	if err != nil { // a credential, say
		return err
	}
	if purpose == KeyBan {
		rotate = func(key [32]byte) (int, error) {
			_, err := s.bans.Take(key, s.saveBanKeys)
			s.live.Enforce(nil) // bans that waited for it
			return 0, err
		}
	}
	s.rotating.Lock()
	defer s.rotating.Unlock()
	held, err := s.keysFor(purpose)
	if err != nil {
		return &Error{CodeInternal, err.Error()}
	}
	if slices.ContainsFunc(held, func(k Key) bool { return k.Fingerprint == fingerprint(key) }) {
		return nil
	}
	if err := s.record(shared.By, "keys.take", string(purpose), map[string]string{"fingerprint": fingerprint(key), "from": from}); err != nil {
		return err
	}
	if _, err := rotate(key); err != nil {
		return fromStore(err)
	}
	s.opts.Log.InfoContext(ctx, string(purpose)+" key of another node taken", "fingerprint", fingerprint(key), "from", from, "by", shared.By)
	return nil
}
