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

// KeyService is the host in requests by which a node hands out the key of bans that it has
// just made. Nobody can ask for one.
const KeyService = "keys"

// sharedKey is what such a request has.
type sharedKey struct {
	Key string `json:"key"` // hexadecimal
	By  string `json:"by"`  // who rotated
}

// shareBanKey hands the key of bans to all other nodes: a ban that is made under it is in
// force where it is known. It returns those that have it, and why others have not.
func (s *Service) shareBanKey(ctx context.Context, key [32]byte, by string) (nodes, missing []string) {
	body, err := json.Marshal(sharedKey{hex.EncodeToString(key[:]), by})
	if err != nil {
		return nil, []string{err.Error()} // our own type: cannot happen
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, node := range s.opts.Nodes.All() {
		all.Go(func() {
			failed := s.giveKey(ctx, node, body)
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
func (s *Service) giveKey(ctx context.Context, node string, body []byte) (failed string) {
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+KeyService+"/ban", bytes.NewReader(body))
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
	mux.HandleFunc("POST /ban", s.answer(func(r *http.Request) (any, error) {
		var shared sharedKey
		if err := decode(r, &shared); err != nil {
			return nil, err
		}
		return struct{}{}, s.service.takeBanKey(r.Context(), shared, from(r.Context()))
	}))
	return named(mux)
}

// takeBanKey makes another node's key the one for new bans. Those that there are keep theirs.
func (s *Service) takeBanKey(ctx context.Context, shared sharedKey, from string) error {
	raw, err := hex.DecodeString(shared.Key)
	if err != nil || len(raw) != len(ban.Key{}) {
		return invalid("this is no key")
	}
	key := ban.Key(raw)
	if _, err := s.rotation(KeyBan); err != nil { // a credential, say
		return err
	}
	s.rotating.Lock()
	defer s.rotating.Unlock()
	if slices.ContainsFunc(s.bans.Keys(), func(use ban.KeyUse) bool { return use.Key == key }) {
		return nil
	}
	if err := s.record(shared.By, "keys.take", string(KeyBan), map[string]string{"fingerprint": fingerprint(key), "from": from}); err != nil {
		return err
	}
	if _, err := s.bans.Take(key, s.saveBanKeys); err != nil {
		return fromStore(err)
	}
	s.opts.Log.InfoContext(ctx, "ban key of another node taken", "fingerprint", fingerprint(key), "from", from, "by", shared.By)
	s.live.Enforce(nil)
	return nil
}
