package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/doctor"
)

func newDoctorCommand() *cobra.Command {
	var flags adminFlags
	var bundle string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with this installation, and what to do",
		Long: `Say what is wrong with this installation, and what to do: with the running daemon
and its machine, or where none runs with what would keep it from running. The exit
status is 1 if something is serious. joingyd check SITE looks from outside.

--bundle writes what may help somebody else to find out why into an archive: the
version, settings without texts of yours, status, metrics, the last lines of the log
and profiles. No secret, no address, no visitor and nobody's name is in it; read it
before you hand it on.`,
		Example: `  joingyd doctor
  joingyd doctor --bundle doctor.tar.gz
  joingyd doctor --config /etc/joingyd/joingyd.yaml   # before the first start`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, problem := loadConfig(cmd)
			if problem == nil && flags.socket == "" && (cmd.Flags().Changed("config") || cmd.Flags().Changed("data-dir")) {
				flags.socket = cfg.Admin.Socket
				if flags.socket == "" {
					flags.socket = filepath.Join(cfg.DataDir, adminSocketFile)
				}
			}
			report, err := examine(cmd.Context(), &flags, cfg, problem)
			if err != nil {
				return flags.refuse(cmd, err)
			}
			if bundle != "" {
				if err := doctor.WriteBundle(bundle, report.Files, time.Now()); err != nil {
					return flags.refuse(cmd, fmt.Errorf("--bundle: %w", err))
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s is written; read it before you hand it on\n", bundle)
			}
			report.Files = nil
			if flags.output == outputJSON {
				err = printJSON(cmd.OutOrStdout(), report)
			} else {
				err = printFindings(cmd.OutOrStdout(), report.Findings)
			}
			if err == nil && doctor.Worst(report.Findings) {
				err = errors.New("something serious is wrong; what to do is said above")
			}
			return err
		},
	}
	flags.add(cmd)
	config.AddFlags(cmd.Flags())
	cmd.Flags().StringVar(&bundle, "bundle", "", "write an archive (.tar.gz) for support, which must not be there yet")
	return cmd
}

// examine asks the daemon, or looks itself where none answers.
func examine(ctx context.Context, flags *adminFlags, cfg config.Config, problem error) (doctor.Report, error) {
	client, err := flags.connect(ctx)
	switch {
	case errors.Is(err, admin.ErrNoDaemon):
		return examineAlone(ctx, cfg, problem), nil
	case err != nil:
		return doctor.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*requestTime) // the store is read whole
	defer cancel()
	report, err := client.Diagnose(ctx)
	if err != nil {
		return report, err
	}
	report.Beside(doctor.Look("."))
	for i, f := range report.Files {
		if f.Name == "findings.txt" {
			var text strings.Builder
			_ = printFindings(&text, report.Findings)
			report.Files[i].Text = text.String()
		}
	}
	return report, nil
}

// examineAlone looks at what would keep a daemon from running.
func examineAlone(ctx context.Context, cfg config.Config, problem error) doctor.Report {
	found := []doctor.Finding{{Level: doctor.Serious, What: "no daemon answers", Do: "start it (systemctl start joingyd, or joingyd serve); journalctl -u joingyd tells why it ended. If it runs, name its socket with --socket"}}
	if problem != nil {
		for _, line := range strings.Split(problem.Error(), "\n") {
			found = append(found, doctor.Finding{Level: doctor.Serious, What: "the configuration: " + line, Do: "correct it; joingyd config check tells whether it is"})
		}
		cfg = config.Default()
	}
	report := doctor.Report{Version: programVersion(), At: time.Now().UTC()}
	facts := doctor.Facts{Now: report.At, Machine: doctor.Look(cfg.DataDir)}
	if problem == nil {
		facts.NoContact, facts.Host = !cfg.Site.Answerable(), cfg.TURN.PublicHost
		facts.HostError, facts.Taken = hostError(ctx, facts.Host), taken(cfg)
		found = append(found, certificateProblems(cfg, &facts)...)
		facts.Store = storedProblems(ctx, cfg.DataDir)
	}
	report.Machine = facts.Machine
	report.Findings = slices.Concat(found, doctor.Examine(facts))
	report.Files = commonFiles(cfg, report)
	for i := range report.Files {
		report.Files[i].Text = scrub(report.Files[i].Text)
	}
	return report
}

// taken returns what other programs have of the addresses to listen on.
func taken(cfg config.Config) (addrs []string) {
	try := func(key, addr string, listen func() (io.Closer, error)) {
		closer, err := listen()
		if err != nil {
			addrs = append(addrs, fmt.Sprintf("%s (%s): %v", addr, key, err))
			return
		}
		closer.Close()
	}
	tcp := func(key, addr string) {
		try(key, addr, func() (io.Closer, error) { return net.Listen("tcp", addr) })
	}
	tcp("http.listen", cfg.HTTPListen()[0])
	if cfg.TLS.Listen != "" {
		tcp("tls.listen", cfg.TLS.Listen)
	}
	for _, addr := range cfg.TURN.Listen {
		if slices.Contains(cfg.TURN.Transports, "tcp") {
			tcp("turn.listen", addr)
		}
		if slices.Contains(cfg.TURN.Transports, "udp") {
			try("turn.listen", addr, func() (io.Closer, error) { return net.ListenPacket("udp", addr) })
		}
	}
	return addrs
}

// certificateProblems looks at the files of the certificate.
func certificateProblems(cfg config.Config, facts *doctor.Facts) []doctor.Finding {
	if cfg.TLS.CertFile == "" {
		return nil
	}
	source, err := cert.Files(cfg.TLS.CertFile, cfg.TLS.KeyFile, nil)
	if err != nil {
		return []doctor.Finding{{Level: doctor.Serious, What: "tls.cert_file, tls.key_file: " + err.Error(), Do: "write a whole pair that matches, which the daemon's user may read"}}
	}
	facts.TLS, facts.Certificate = true, source.Expiry()
	return nil
}

// storedProblems reads the ban store while no daemon has it open.
func storedProblems(ctx context.Context, dir string) []string {
	if _, err := os.Stat(filepath.Join(dir, banStoreFile)); err != nil {
		return nil // there is none yet
	}
	report, err := checkStore(ctx, &adminFlags{offline: true, dataDir: dir, canOffline: true}, nil)
	if err != nil {
		return []string{err.Error()}
	}
	return report.Problems
}

func printFindings(w io.Writer, list []doctor.Finding) error {
	p := &printer{w: w}
	if len(list) == 0 {
		p.printf("nothing is wrong that can be seen from here; joingyd check SITE looks from outside\n")
	}
	for _, f := range list {
		p.printf("%s: %s\n    %s\n", f.Level, harmless(f.What), f.Do)
	}
	return p.err
}
