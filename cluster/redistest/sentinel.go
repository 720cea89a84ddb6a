package redistest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Master is what a Trio calls its primary.
const Master = "joingy"

// Trio is a primary, a replica, and three Sentinels that agree on which is which. They
// take a primary for dead half a second after its last answer.
type Trio struct {
	Primary, Replica *Server   // as they began
	Sentinels        []*Server // for Addr, Kill, Stop, Continue and Do
}

// StartTrio starts servers that end with the test, and returns when a failover would
// succeed. More arguments are those of the two redis-servers.
func StartTrio(t testing.TB, args ...string) *Trio {
	t.Helper()
	trio := &Trio{Primary: Start(t, args...)}
	host, port, _ := strings.Cut(trio.Primary.Addr(), ":")
	trio.Replica = Start(t, slices.Concat(args, []string{"--replicaof", host + " " + port})...)
	config := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 500\n"+
		"sentinel failover-timeout %[1]s 2000\nsentinel parallel-syncs %[1]s 1\n", Master, host, port)
	until(t, "the replica is in step", func() bool { return trio.Replica.Info(t, "master_link_status") == "up" })
	for range 3 {
		s := &Server{&process{t: t, program: "redis-sentinel", config: config, dir: t.TempDir()}}
		t.Cleanup(s.p.kill)
		if err := s.p.start(); err != nil {
			t.Fatal(err)
		}
		trio.Sentinels = append(trio.Sentinels, s)
	}
	for _, s := range trio.Sentinels {
		until(t, "the Sentinels know each other and the replica", func() bool {
			state := strings.Split(s.Do(t, "SENTINEL", "MASTER", Master), "\n")
			return field(state, "num-other-sentinels") == "2" && field(state, "num-slaves") == "1" && field(state, "flags") == "master"
		})
		s.Do(t, "SENTINEL", "CKQUORUM", Master)
	}
	return trio
}

// URL returns the address as the setting cluster.redis has it.
func (trio *Trio) URL() string {
	addrs := make([]string, len(trio.Sentinels))
	for i, s := range trio.Sentinels {
		addrs[i] = s.Addr()
	}
	return "redis-sentinel://" + strings.Join(addrs, ",") + "/" + Master
}

// Now returns HOST:PORT of the primary as the first Sentinel that answers has it, "" if
// none does.
func (trio *Trio) Now() string {
	for _, s := range trio.Sentinels {
		if reply, err := command(s.Addr(), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Master); err == nil {
			return strings.Replace(reply, "\n", ":", 1)
		}
	}
	return ""
}

// field returns the value after name in a list of names and values.
func field(list []string, name string) string {
	for i := 0; i+1 < len(list); i += 2 {
		if list[i] == name {
			return list[i+1]
		}
	}
	return ""
}
