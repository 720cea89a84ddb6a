package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"

	"github.com/joingyd/joingyd/ban"
)

// routeBans adds the paths of bans.
func (s *Server) routeBans() {
	s.mux.HandleFunc("POST /v1/bans", s.anywhere(s.ban))
	s.mux.HandleFunc("DELETE /v1/bans", s.answer(s.unban))
	s.mux.HandleFunc("GET /v1/bans", s.bans)
	s.mux.HandleFunc("GET /v1/bans/check", s.answer(s.check))
	s.mux.HandleFunc("GET /v1/bans/history", s.answer(s.history))
	s.mux.HandleFunc("GET /v1/bans/stats", s.answer(s.banStats))
	s.mux.HandleFunc("GET /v1/reports", s.answer(s.reports))
	s.mux.HandleFunc("POST /v1/allowed", s.answer(s.allow))
	s.mux.HandleFunc("DELETE /v1/allowed", s.answer(s.disallow))
	s.mux.HandleFunc("GET /v1/allowed", s.answer(s.allowed))
}

func (s *Server) ban(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req BanRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	req.Own = append(req.Own, connectedFrom(r)...)
	return s.service.Ban(r.Context(), req)
}

// connectedFrom returns the admin's address, if the request did not come over the
// socket.
func connectedFrom(r *http.Request) []string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return nil
	}
	return []string{from.Addr().String()}
}

func (s *Server) unban(r *http.Request) (any, error) {
	query, err := readQuery(r, "target", "scope", "id")
	if err != nil {
		return nil, err
	}
	return s.service.Unban(r.Context(), UnbanRequest{
		Target: query.Get("target"), Scope: ban.Scope(query.Get("scope")), ID: query.Get("id"), By: peerOf(r.Context()),
	})
}

// bans answers with a list, and writes one without a limit while it is read.
func (s *Server) bans(w http.ResponseWriter, r *http.Request) {
	req, err := readBansRequest(r)
	if err != nil || req.Limit > 0 {
		s.answer(func(*http.Request) (any, error) {
			if err != nil {
				return nil, err
			}
			return s.service.Bans(r.Context(), req)
		})(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := s.service.writeBans(r.Context(), w, req); err != nil {
		if r.Context().Err() == nil { // else the client is gone
			s.log.WarnContext(r.Context(), "a list of bans was broken off", "error", err)
		}
		panic(http.ErrAbortHandler) // so that half a list is not taken for one
	}
}

// writeBans writes a BanList without keeping it.
func (s *Service) writeBans(ctx context.Context, w io.Writer, req BansRequest) error {
	var list BanList
	encoder := json.NewEncoder(w)
	between := `{"bans":[`
	for b, err := range s.matching(ctx, req, &list) {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		if err := encoder.Encode(b); err != nil {
			return err
		}
		between = ","
	}
	if list.Total > 0 {
		between = ""
	}
	_, err := fmt.Fprintf(w, `%s],"total":%d,"active":%d}`+"\n", between, list.Total, list.Active)
	return err
}

func readBansRequest(r *http.Request) (req BansRequest, err error) {
	query, err := readQuery(r, "scope", "kind", "by", "reason", "report", "permanent", "ends_within", "id", "shown", "target", "sort", "reverse", "limit", "offset")
	if err != nil {
		return req, err
	}
	req = BansRequest{
		Scope: ban.Scope(query.Get("scope")), Kind: ban.Kind(query.Get("kind")), By: query.Get("by"),
		Reason: query.Get("reason"), Report: query.Get("report"), EndsWithin: query.Get("ends_within"),
		ID: query.Get("id"), Target: query.Get("target"), Sort: BanSort(query.Get("sort")),
	}
	if query.Has("permanent") {
		permanent, err := readSwitch(query, "permanent")
		if err != nil {
			return req, err
		}
		req.Permanent = &permanent
	}
	if req.Shown, err = readSwitch(query, "shown"); err != nil {
		return req, err
	}
	if req.Reverse, err = readSwitch(query, "reverse"); err != nil {
		return req, err
	}
	if req.Limit, err = readNumber(query, "limit"); err != nil {
		return req, err
	}
	if req.Offset, err = readNumber(query, "offset"); err != nil {
		return req, err
	}
	if req.Limit == 0 && !req.asMade() {
		return req, invalid("a list without a limit comes in the order of creation; leave out sort, or add a limit")
	}
	return req, req.Validate()
}

func (s *Server) check(r *http.Request) (any, error) {
	query, err := readQuery(r, "address")
	if err != nil {
		return nil, err
	}
	return s.service.Check(r.Context(), CheckRequest{Address: query.Get("address")})
}

func (s *Server) history(r *http.Request) (any, error) {
	query, err := readQuery(r, "target", "by", "how", "limit")
	if err != nil {
		return nil, err
	}
	limit, err := readNumber(query, "limit")
	if err != nil {
		return nil, err
	}
	return s.service.History(r.Context(), HistoryRequest{
		Target: query.Get("target"), By: query.Get("by"), How: ban.How(query.Get("how")), Limit: limit,
	})
}

func (s *Server) banStats(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.BanStats(r.Context())
}

func (s *Server) reports(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Reports(r.Context())
}
