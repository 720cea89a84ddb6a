package admin

import (
	"net/http"
	"net/netip"

	"github.com/joingyd/joingyd/ban"
)

// routeBans adds the paths of bans.
func (s *Server) routeBans() {
	s.mux.HandleFunc("POST /v1/bans", answer(s.ban))
	s.mux.HandleFunc("DELETE /v1/bans", answer(s.unban))
	s.mux.HandleFunc("GET /v1/bans", answer(s.bans))
	s.mux.HandleFunc("GET /v1/bans/check", answer(s.check))
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
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil { // not over the socket
		req.Own = append(req.Own, from.Addr().String())
	}
	return s.service.Ban(r.Context(), req)
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

func (s *Server) bans(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.Bans(r.Context())
}

func (s *Server) check(r *http.Request) (any, error) {
	query, err := readQuery(r, "address")
	if err != nil {
		return nil, err
	}
	return s.service.Check(r.Context(), CheckRequest{Address: query.Get("address")})
}
