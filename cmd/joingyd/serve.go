package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/internal/systemd"
)

func newServeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon: site, matchmaker and relay",
		Long: `Run the daemon: site, matchmaker and relay.

It needs no configuration. Every key can be set by file (--config), environment
(JOINGYD_TURN_LISTEN stands for turn.listen) or flag; a flag wins over the
environment, and that over the file. Until site.contact says where visitors reach
the operator, pages and relay are for this machine only (joingyd setup asks).
One of several nodes can be a relay for the others alone, or have none of its
own (--role, docs/scaling.md).
Ctrl-C and SIGTERM end it: visitors are told to reconnect, and it exits when the
last socket is closed. SIGHUP has it take over what has changed in the file: see
docs/operations.md.`,
		Example: `  joingyd serve
  joingyd serve --config /etc/joingyd/joingyd.yaml
  joingyd serve --site-contact you@example.org --tls-self-signed   # cameras on a LAN`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			hangUp := make(chan os.Signal, 1) // one is as good as two
			signal.Notify(hangUp, syscall.SIGHUP)
			defer signal.Stop(hangUp)
			load := func() (config.Config, error) { return loadConfig(cmd) }
			cfg, err := load()
			if err != nil {
				return err
			}
			sockets, err := systemd.Passed()
			if err != nil {
				return err
			}
			level := new(slog.LevelVar)
			level.Set(logLevel(cfg.Log))
			d, err := newDaemonIn(cfg, newLogger(cmd.ErrOrStderr(), cfg.Log, level), surroundings{sockets, level, load, hangUp})
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), d.readyLine())
			return d.run(cmd.Context())
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

func logLevel(c config.Log) (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.Level)) // validated by config
	return level
}

func newLogger(w io.Writer, c config.Log, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
