package redistest

import (
	"strconv"
	"strings"
	"testing"
)

const slots = 16384

// StartCluster starts a Redis Cluster of n primaries without replicas, which ends with
// the test, and returns when it serves every slot. One primary is enough, and quick, to
// see that a script keeps to one slot.
func StartCluster(t testing.TB, n int, args ...string) []*Server {
	t.Helper()
	servers := make([]*Server, n)
	for i := range servers {
		bus, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		servers[i] = Start(t, append([]string{"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus)}, args...)...)
		servers[i].Do(t, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slots/n), strconv.Itoa((i+1)*slots/n-1))
		if i > 0 {
			host, port, _ := strings.Cut(servers[i].Addr(), ":")
			servers[0].Do(t, "CLUSTER", "MEET", host, port, strconv.Itoa(bus))
		}
	}
	for _, s := range servers {
		until(t, "the cluster serves every slot", func() bool {
			info := s.Do(t, "CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(n))
		})
	}
	return servers
}
