package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/config/edit"
	"github.com/joingyd/joingyd/setup"
)

// installedConfig is where the package has the configuration.
const installedConfig = "/etc/joingyd/joingyd.yaml"

// setupFlags are the answers that were given on the command line, and what not to do.
type setupFlags struct {
	answers setup.Answers
	tls     string
	calls   int
	bitrate int // kbit/s
	config  string
	yes     bool
	dryRun  bool
	restart bool
	check   bool
}

func newSetupCommand() *cobra.Command {
	var f setupFlags
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Set a site up: ask, write the configuration, open it to visitors, and try it",
		Long: `Set a site up: ask for its name, for a contact and for how it gets https, write
the answers into the configuration, restart the service, wait for the
certificate, and try the site as joingyd check does. What the file says besides,
its comments too, stays as it is; the old one is kept beside it, with .bak added.

Each question is a flag as well, and nothing is asked where the standard input is
no terminal. The same answers given again change nothing.`,
		Example: `  joingyd setup
  joingyd setup --domain chat.example.org --contact you@example.org --tls acme
  joingyd setup --domain chat.example.org --contact you@example.org --tls proxy --relay-host relay.example.org
  joingyd setup --domain 192.168.1.10 --contact you@example.org --tls self-signed --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSetup(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration file, YAML (default: JOINGYD_CONFIG or "+installedConfig+"); made if it is missing")
	flags.StringVar(&f.answers.Domain, "domain", "", "name under which visitors come, such as chat.example.org")
	flags.StringVar(&f.answers.Contact, "contact", "", "where visitors reach you: an e-mail address or a URL")
	flags.StringVar(&f.answers.AbuseContact, "abuse-contact", "", "e-mail address for reports of abuse; needed if --contact is none")
	flags.StringVar(&f.tls, "tls", "", "how visitors get https. acme: a certificate that joingyd obtains. files: one that you have. proxy: a reverse proxy or CDN has it. self-signed: on a LAN. none: text chats alone")
	flags.StringVar(&f.answers.CertFile, "cert", "", "file with the certificate chain, PEM; with --tls files")
	flags.StringVar(&f.answers.KeyFile, "key", "", "file with its private key, PEM; with --tls files")
	flags.StringSliceVar(&f.answers.Proxies, "proxy", nil, "address or prefix from where the proxy comes; with --tls proxy (default: this machine)")
	flags.StringVar(&f.answers.RelayHost, "relay-host", "", "name or address under which browsers reach the relay (default: that of --domain). A proxy or CDN does not pass it on")
	flags.StringVar(&f.answers.TrafficPerMonth, "traffic-per-month", "", "what the relay may carry in a calendar month, such as 20TB: past it no new video chats until the month is over; 0: no limit")
	flags.IntVar(&f.calls, "calls", 0, "video calls at once that you expect: what they ask of the line is printed")
	flags.IntVar(&f.bitrate, "bitrate", setup.DefaultBitrate/1000, "what each side of a call sends, in kbit/s, for --calls")
	flags.BoolVar(&f.yes, "yes", false, "ask nothing: what no flag says is as the configuration has it")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be changed, and change nothing")
	flags.BoolVar(&f.restart, "restart", true, "restart the service, where systemd runs one with this configuration")
	flags.BoolVar(&f.check, "check", true, "look up the name, and try the site at the end")
	completeWords(cmd, "tls", setup.Ways)
	return cmd
}

func runSetup(cmd *cobra.Command, f setupFlags) error {
	if f.calls < 0 || f.bitrate < 1 || f.calls > 1_000_000 || f.bitrate > 1_000_000 {
		return usageError{errors.New("--calls and --bitrate must be numbers from 1 to 1,000,000")}
	}
	path, err := setupFile(f.config)
	if err != nil {
		return err
	}
	text, was, err := loadSetup(path)
	if err != nil {
		return err
	}
	answers, err := f.merged(cmd.Flags().Changed, was)
	if err != nil {
		return err
	}
	q := newQuestions(cmd, f.yes)
	if q != nil {
		if err := q.askAll(&answers, &f.calls); err != nil {
			return err
		}
	}
	if err := checkAnswers(answers); err != nil {
		return err
	}
	now := answers.Apply(was)
	differences, changes := setup.Differences(was, now)
	edited, err := edit.Set(text, changes)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out := &printer{w: cmd.OutOrStdout()}
	printDifferences(out, path, differences)
	if f.dryRun {
		printAround(out, answers, now, f)
		return out.err
	}
	if q != nil && len(differences) > 0 && !q.confirm("Write this to "+path+"?") {
		return errors.New("nothing was changed")
	}
	if err := writeSetup(path, edited); err != nil {
		return err
	}
	printAround(out, answers, now, f)
	if out.err != nil {
		return out.err
	}
	return finishSetup(cmd.Context(), cmd.OutOrStdout(), setUp{path, answers, now, len(differences) > 0}, f)
}

// setupFile is the file to write into.
func setupFile(flag string) (string, error) {
	path := flag
	for _, other := range []string{os.Getenv("JOINGYD_CONFIG"), installedConfig} {
		if path == "" {
			path = other
		}
	}
	if end := filepath.Ext(path); end != ".yaml" && end != ".yml" {
		return "", fmt.Errorf("%s: setup writes YAML alone; name a file that ends in .yaml with --config, or edit this one yourself", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("%s: its directory is not there; make it, or name another file with --config", path)
	}
	return path, nil
}

// loadSetup reads the file, which may be missing, and what it amounts to.
func loadSetup(path string) ([]byte, config.Config, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, config.Default(), nil
	case errors.Is(err, fs.ErrPermission):
		return nil, config.Config{}, fmt.Errorf("%s: permission denied; run this as root", path)
	case err != nil:
		return nil, config.Config{}, err
	}
	c, err := loadFile(path)
	return text, c, err
}

// loadFile loads a file as the daemon would.
func loadFile(path string) (config.Config, error) {
	c, err := config.LoadFile(path)
	if err != nil {
		return c, err
	}
	_, err = siteOptions(c.Site)
	return c, err
}

// merged are the answers of the flags, and of the configuration where there is no flag.
func (f setupFlags) merged(given func(flag string) bool, was config.Config) (setup.Answers, error) {
	from, a := f.answers, setup.Present(was)
	if f.tls != "" {
		a.TLS = setup.TLS(f.tls)
	}
	alone := a.RelayHost == a.Domain && a.TLS != setup.Proxy // the relay's host has no name of its own
	for flag, set := range map[string]func(){
		"domain":        func() { a.Domain = from.Domain },
		"contact":       func() { a.Contact = from.Contact },
		"abuse-contact": func() { a.AbuseContact = from.AbuseContact },
		"cert":          func() { a.CertFile = from.CertFile },
		"key":           func() { a.KeyFile = from.KeyFile },
		"proxy":         func() { a.Proxies = from.Proxies },
		"relay-host":    func() { a.RelayHost, alone = from.RelayHost, false },

		"traffic-per-month": func() { a.TrafficPerMonth = from.TrafficPerMonth },
	} {
		if given(flag) {
			set()
		}
	}
	if alone {
		a.RelayHost = ""
	}
	for flag, way := range map[string]setup.TLS{"cert": setup.Files, "key": setup.Files, "proxy": setup.Proxy} {
		if given(flag) && f.tls != "" && a.TLS != way {
			return a, usageError{fmt.Errorf("--%s means nothing with --tls %s; leave it out, or use --tls %s", flag, a.TLS, way)}
		}
	}
	return a, nil
}

// checkAnswers joins what is wrong with the answers. It is wrong usage.
func checkAnswers(a setup.Answers) error {
	var errs []error
	for _, p := range a.Validate() {
		errs = append(errs, p)
	}
	if a.TLS == setup.Proxy && a.RelayHost == "" {
		errs = append(errs, &setup.Problem{Answer: "relay-host", Detail: "is missing; visitors reach the relay directly, for no proxy and no CDN passes it on: say under which name or address of this machine (the domain itself, if that points here)"})
	}
	if len(errs) == 0 && a.TLS == setup.Files {
		if err := setup.CheckCertificate(a.CertFile, a.KeyFile, a.Domain); err != nil {
			return err
		}
	}
	if len(errs) > 0 {
		return usageError{errors.Join(errs...)}
	}
	return nil
}

// writeSetup writes the file anew, if the daemon would take it.
func writeSetup(path string, text []byte) error {
	err := setup.Write(path, text, func(draft string) error {
		if _, err := loadFile(draft); err != nil {
			return errors.New(strings.ReplaceAll(err.Error(), draft, path) + "; nothing was changed")
		}
		return nil
	})
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: cannot be written: permission denied; run this as root", path)
	}
	return err
}

func printDifferences(p *printer, path string, differences []setup.Difference) {
	if len(differences) == 0 {
		p.printf("%s says all of this already: nothing to change.\n", path)
		return
	}
	p.printf("%s:\n", path)
	for _, d := range differences {
		p.printf("  %s: %s (was %s)\n", d.Key, d.Now, d.Was)
	}
}

// printAround says what the machine around the daemon needs.
func printAround(p *printer, a setup.Answers, c config.Config, f setupFlags) {
	ports := setup.Ports(c)
	p.printf("\nOthers must reach:\n")
	if a.TLS == setup.Proxy {
		p.printf("  the proxy, at %s\n", a.URL(c))
	}
	for _, port := range ports {
		at := ""
		if port.Addr.IsValid() {
			at = " at " + port.Addr.String()
		}
		p.printf("  %s%s: %s\n", port, at, port.Why)
	}
	p.printf("\nIf ufw runs (ufw status):\n")
	for _, line := range setup.UFW(ports) {
		p.printf("  %s\n", line)
	}
	p.printf("\nIf nftables filters (nft list ruleset), with Debian's names; the same after \"input\" goes into /etc/nftables.conf:\n")
	for _, rule := range setup.Nftables(ports) {
		p.printf("  nft insert rule inet filter input %s\n", rule)
	}
	if f.calls > 0 {
		printTraffic(p, c, f.calls, f.bitrate)
	}
}

func printTraffic(p *printer, c config.Config, calls, kbit int) {
	t := setup.Estimate(calls, kbit*1000)
	p.printf("\n%s at once: 2 × %s × %s kbit/s = %s Mbit/s in and as much out, %s each way in 30 days if they never end.\n",
		count(calls, "video call"), thousands(calls), thousands(kbit), megabits(t.Rate), bytesText(uint64(t.Month)))
	if most := c.TURN.BandwidthPerAllocation; most > 0 {
		p.printf("turn.bandwidth_per_allocation lets a side send at most %s Mbit/s", megabits(int64(most)*8))
	} else {
		p.printf("No side of a call has a limit")
	}
	if all := c.TURN.Bandwidth; all > 0 {
		p.printf(", and turn.bandwidth all of them %s Mbit/s.\n", megabits(int64(all)*8))
	} else {
		p.printf("; turn.bandwidth limits all of them together, and is not set.\n")
	}
	if month := c.TURN.TrafficPerMonth; month > 0 {
		p.printf("turn.traffic_per_month (%s) would be reached after %s at that load; then no new video chats until the month is over.\n", bytesText(uint64(month)), daysAtLoad(t.Days(month)))
	} else {
		p.printf("A month's traffic has no limit; --traffic-per-month 20TB, say, sets turn.traffic_per_month.\n")
	}
}

// daysAtLoad says how long something lasts.
func daysAtLoad(days float64) string {
	switch {
	case days < 1:
		return "less than a day"
	case days < 10:
		return fmt.Sprintf("%.1f days", days)
	}
	return thousands(int(days)) + " days"
}

// megabits writes bits a second.
func megabits(rate int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(rate)/1e6), ".0")
}

// setUp is a site that has been set up.
type setUp struct {
	path    string
	answers setup.Answers
	config  config.Config
	changed bool
}

// finishSetup restarts the service, tries the site, and says what is next.
func finishSetup(ctx context.Context, w io.Writer, s setUp, f setupFlags) error {
	p := &printer{w: w}
	if f.check {
		printNames(ctx, p, s)
	}
	running, err := s.start(ctx, p, f.restart)
	if err != nil {
		return err
	}
	switch {
	case p.err != nil:
		return p.err
	case running && f.check:
		return s.try(ctx, w)
	}
	p.printf("\nThen, best from another machine:\n  joingyd check %s\n", s.answers.URL(s.config))
	return p.err
}
