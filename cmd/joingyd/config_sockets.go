package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config"
)

func newConfigSocketsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sockets",
		Short: "Print what joingyd.socket has to listen on",
		Long: `Print what joingyd.socket has to listen on by this configuration, as a file that
goes below /etc/systemd/system/joingyd.socket.d/. systemd then holds the ports while
the daemon restarts, and opens those below 1024. It takes effect by

  systemctl daemon-reload
  systemctl stop joingyd.service joingyd.socket
  systemctl start joingyd.socket joingyd.service`,
		Example: "  joingyd config sockets --config /etc/joingyd/joingyd.yaml > /etc/systemd/system/joingyd.socket.d/listen.conf",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return printSockets(cmd.OutOrStdout(), c)
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

// port is where the daemon listens for connections, by a key.
type port struct{ key, address string }

// ports lists them all.
func ports(c config.Config) (list []port) {
	add := func(key string, addresses ...string) {
		for _, address := range addresses {
			if address != "" {
				list = append(list, port{key, address})
			}
		}
	}
	// The second is this machine's [::1], which may not exist, and is the daemon's to try.
	add("http.listen", c.HTTPListen()[0])
	add("tls.listen", c.TLS.Listen)
	relay := func(key string, addresses []string) {
		for i, address := range addresses {
			if i > 0 && address == strings.Replace(addresses[i-1], "127.0.0.1", "[::1]", 1) {
				continue // as above
			}
			add(key, address)
		}
	}
	if slices.Contains(c.TURN.Transports, "tcp") {
		relay("turn.listen", c.TURNListen())
	}
	relay("turn.tls_listen", c.TURNTLSListen())
	add("admin.listen", c.Admin.Listen)
	add("admin.web_listen", c.Admin.WebListen)
	add("admin.metrics_listen", c.Admin.MetricsListen)
	return list
}

func printSockets(w io.Writer, c config.Config) error {
	p := &printer{w: w}
	p.printf("# What joingyd.socket listens on: by `joingyd config sockets`.\n[Socket]\nListenStream=\n")
	for _, at := range ports(c) {
		stream, why := listenStream(at.address)
		if why != "" {
			p.printf("# Not %s (%q), which the daemon opens itself: %s.\n", at.key, at.address, why)
			continue
		}
		p.printf("ListenStream=%s\n", stream)
	}
	return p.err
}

// listenStream writes an address as systemd does (systemd.socket(5)), or says why it
// cannot.
func listenStream(address string) (stream, why string) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", err.Error() // config has seen to that
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case service == "0":
		return "", "any free port"
	case host == "":
		return service, ""
	case err != nil:
		return "", "systemd takes addresses, no names"
	case addr.Is6():
		return fmt.Sprintf("[%s]:%s", addr, service), ""
	}
	return fmt.Sprintf("%s:%s", addr, service), ""
}
