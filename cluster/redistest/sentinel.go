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

	secure string // of the URL: s or empty
}

// StartTrio starts servers that end with the test, and returns when a failover would
// succeed. More arguments are those of the two redis-servers.
func StartTrio(t testing.TB, args ...string) *Trio {
	t.Helper()
	return startTrio(t, "", args, func() (string, []string) { return "", nil })
}

// StartTLSTrio is StartTrio where all speak TLS to each other and to clients, and ask who
// calls for a certificate. It is the same for all, signs itself, and is in two files, PEM.
func StartTLSTrio(t testing.TB, certFile, keyFile string) *Trio {
	t.Helper()
	return startTrio(t, "s", nil, func() (string, []string) {
		addr := FreeAddr(t)
		_, port, _ := strings.Cut(addr, ":")
		return addr, []string{
			"--tls-port", port, "--tls-replication", "yes",
			"--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile,
		}
	})
}

// startTrio starts a trio whose every server has what listen returns: another address, which
// the others and clients use, if it is not empty, and arguments for that.
func startTrio(t testing.TB, secure string, args []string, listen func() (addr string, args []string)) *Trio {
	t.Helper()
	start := func(more ...string) *Server {
		addr, own := listen()
		s := Start(t, slices.Concat(args, own, more)...)
		s.secure = addr
		return s
	}
	trio := &Trio{Primary: start(), secure: secure}
	host, port, _ := strings.Cut(trio.Primary.Known(), ":")
	trio.Replica = start("--replicaof", host+" "+port)
	config := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 500\n"+
		"sentinel failover-timeout %[1]s 2000\nsentinel parallel-syncs %[1]s 1\n", Master, host, port)
	until(t, "the replica is in step", func() bool { return trio.Replica.Info(t, "master_link_status") == "up" })
	for range 3 {
		addr, own := listen()
		s := &Server{p: &process{t: t, program: "redis-sentinel", args: own, config: config, dir: t.TempDir()}, secure: addr}
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
		addrs[i] = s.Known()
	}
	return "redis" + trio.secure + "-sentinel://" + strings.Join(addrs, ",") + "/" + Master
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
