package main

import (
	"net"
	"net/netip"

	pion "github.com/pion/turn/v4"
)

// Static credentials of the servers that have no sessions.
const (
	staticUser     = "bench"
	staticPassword = "bench"
	staticRealm    = "bench"
)

// pionServer is stock pion/turn with real relay sockets, as its examples run it.
type pionServer struct{ *pion.Server }

func startPion(listen netip.AddrPort) (*pionServer, error) {
	conn, err := net.ListenPacket("udp4", listen.String())
	if err != nil {
		return nil, err
	}
	key := pion.GenerateAuthKey(staticUser, staticRealm, staticPassword)
	server, err := pion.NewServer(pion.ServerConfig{
		Realm:       staticRealm,
		AuthHandler: func(username, _ string, _ net.Addr) ([]byte, bool) { return key, username == staticUser },
		PacketConnConfigs: []pion.PacketConnConfig{{
			PacketConn: conn,
			RelayAddressGenerator: &pion.RelayAddressGeneratorStatic{
				RelayAddress: listen.Addr().AsSlice(), Address: listen.Addr().String(),
			},
		}},
	})
	return &pionServer{server}, err
}

func (*pionServer) sessions(sources []netip.Addr) ([]credential, error) {
	return staticCredentials(len(sources)), nil
}

func (*pionServer) part(int) error { return nil }

func (s *pionServer) stats() map[string]uint64 {
	return map[string]uint64{"allocations": uint64(s.AllocationCount())}
}

func staticCredentials(n int) []credential {
	list := make([]credential, n)
	for i := range list {
		list[i] = credential{staticUser, staticPassword}
	}
	return list
}
