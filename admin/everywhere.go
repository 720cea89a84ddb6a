package admin

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/joingyd/joingyd/moderate"
)

// everywhere is answer for lists that have what is on all nodes where nodes=all is asked for.
// merge makes one of those of the nodes, this one's first.
func everywhere[T any](s *Server, handle func(*http.Request) (any, error), merge func(r *http.Request, lists []T, missing []string) (any, error)) http.HandlerFunc {
	return s.answer(func(r *http.Request) (any, error) {
		query := r.URL.Query()
		asked := query.Get("nodes")
		if !query.Has("nodes") {
			return handle(r)
		}
		if asked != "all" {
			return nil, invalid("nodes is %s; write all, or leave it out", quote(asked))
		}
		query.Del("nodes")
		own := r.Clone(r.Context())
		own.URL.RawQuery = query.Encode()
		list, err := handle(own)
		if err != nil || s.service.opts.Nodes == nil {
			return list, err
		}
		lists, missing := []T{list.(T)}, []string(nil) //nolint:forcetypeassert // it is the handler's
		for _, answer := range s.service.askOthers(r.Context(), nodeRequest{http.MethodGet, own.URL.RequestURI(), peerOf(r.Context()), nil}) {
			var list T
			switch {
			case answer.err != nil:
				missing = append(missing, answer.err.Detail)
			case json.Unmarshal(answer.body, &list) != nil:
				missing = append(missing, "node "+answer.node+" answers nonsense; use the same version on all nodes")
			default:
				lists = append(lists, list)
			}
		}
		return merge(own, lists, missing)
	})
}

// mergeSessions is the sessions of all nodes in the order that was asked for.
func mergeSessions(r *http.Request, lists []SessionList, missing []string) (any, error) {
	req, err := readSessionsRequest(r)
	if err != nil {
		return nil, err
	}
	all := SessionList{Sessions: []Session{}, Missing: missing}
	for _, list := range lists {
		all.Sessions, all.Total = append(all.Sessions, list.Sessions...), all.Total+list.Total
	}
	slices.SortStableFunc(all.Sessions, req.order())
	all.Sessions = all.Sessions[:min(len(all.Sessions), req.limit())]
	return all, nil
}

// mergeCases returns a merge of cases in an order.
func mergeCases(order func(a, b Case) int) func(*http.Request, []CaseList, []string) (any, error) {
	return func(r *http.Request, lists []CaseList, missing []string) (any, error) {
		limit, err := readNumber(r.URL.Query(), "limit")
		if err != nil {
			return nil, err
		}
		all := CaseList{Cases: []Case{}, Missing: missing}
		for _, list := range lists {
			all.Cases, all.Total = append(all.Cases, list.Cases...), all.Total+list.Total
		}
		slices.SortStableFunc(all.Cases, order)
		if limit > 0 {
			all.Cases = all.Cases[:min(len(all.Cases), limit)]
		}
		return all, nil
	}
}

// mergeRequests is the requests for data of all nodes.
func mergeRequests(_ *http.Request, lists []PrivacyRequestList, missing []string) (any, error) {
	all := PrivacyRequestList{Requests: []PrivacyRequest{}, Counts: map[string]int{}, Missing: missing}
	for _, list := range lists {
		all.Requests = append(all.Requests, list.Requests...)
		for state, n := range list.Counts {
			all.Counts[state] += n
		}
	}
	slices.SortStableFunc(all.Requests, soonest)
	return all, nil
}

// soonest has what waits first, the first due at the front, then what ended last.
func soonest(a, b PrivacyRequest) int {
	switch waits := a.Ended.IsZero(); {
	case waits != b.Ended.IsZero():
		return map[bool]int{true: -1, false: 1}[waits]
	case waits:
		return a.Due.Compare(b.Due)
	}
	return b.Ended.Compare(a.Ended)
}

// The orders of lists of cases, as each node has them.

// gravest is that of the cases that wait: the gravest first and of those the oldest.
func gravest(a, b Case) int {
	if c := gravity(b) - gravity(a); c != 0 {
		return c
	}
	return oldest(a, b)
}

func gravity(k Case) int { return slices.Index(moderate.Gravities(), k.Gravity) }

// heldShortest has the hold first that ends first.
func heldShortest(a, b Case) int {
	if a.Hold == nil || b.Hold == nil {
		return oldest(a, b) // decided meanwhile
	}
	return a.Hold.Until.Compare(b.Hold.Until)
}

func oldest(a, b Case) int { return a.Opened.Compare(b.Opened) }
