package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/doctor"
	"github.com/joingyd/joingyd/moderate/classify"
)

// lookUpTime is how long the address of turn.public_host may take.
const lookUpTime = 3 * time.Second

// diagnose says what is wrong with the daemon, for joingyd doctor.
func (d *daemon) diagnose(ctx context.Context) (doctor.Report, error) {
	facts := d.facts(ctx)
	report := doctor.Report{Version: programVersion(), At: facts.Now.UTC(), Machine: facts.Machine, Findings: doctor.Examine(facts)}
	for i := range report.Findings {
		report.Findings[i].What = scrub(report.Findings[i].What)
	}
	report.Files = append(commonFiles(d.current(), report), d.ownFiles()...)
	for i := range report.Files {
		report.Files[i].Text = scrub(doctor.Cut(report.Files[i].Text)) // a profile may be long, and scrub takes its time
	}
	return report, nil
}

// facts are what the daemon knows of itself.
func (d *daemon) facts(ctx context.Context) doctor.Facts {
	cfg, cases, stats := d.current(), d.cases.Stats(), d.bans.Stats()
	f := doctor.Facts{
		Now: time.Now(), Running: true, Machine: doctor.Look(cfg.DataDir), Sessions: cfg.Match.Sessions, ClockSteps: d.watched.clock.Steps(),
		NoContact: !cfg.Site.Answerable(), TLS: d.certificates != nil, Certificate: d.certificateEnds(), Host: cfg.TURN.PublicHost,
		AuditDamaged: d.audit.Damage() != nil, Resting: d.classifier != nil && d.classifier.Stats().Breaker == classify.Open,
		OldestCase: time.Duration(cases.Oldest) * time.Second, BanFailures: stats.Failures, LegalHoldEnds: d.nextHoldEnd(),
	}
	traffic := d.traffic.Now()
	f.MonthBytes, f.MonthLimit, f.MonthEnds = traffic.Bytes, traffic.Limit, traffic.Ends
	if !d.hasVisitors() {
		f.Sessions = 0
	}
	if err := d.relayReady(ctx); err != nil {
		f.Unready = err.Error()
	}
	f.HostError = hostError(ctx, f.Host)
	f.Alone = d.alone()
	if report, err := d.service.CheckStore(ctx); err != nil {
		f.Store = []string{err.Error()}
	} else {
		f.Store = report.Problems
	}
	for _, r := range d.requests.List(false) {
		if r.Overdue(f.Now) {
			f.Overdue++
		}
	}
	for _, w := range d.warnings.last() {
		f.Warnings = append(f.Warnings, warningLine(w, f.Now))
	}
	d.swept.mu.Lock()
	f.RetentionFails = len(d.swept.failed)
	d.swept.mu.Unlock()
	return f
}

// hostError says why a host name has no address; nothing if it has, or is none.
func hostError(ctx context.Context, host string) string {
	if host == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	if _, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return err.Error()
	}
	return ""
}

// commonFiles are those of a bundle that need no daemon.
func commonFiles(cfg config.Config, report doctor.Report) []doctor.File {
	var settings, findings strings.Builder
	_ = config.Redacted(&settings, cfg) // a Builder takes it all
	_ = printFindings(&findings, report.Findings)
	return []doctor.File{
		{Name: "version.txt", Text: fmt.Sprintf("joingyd %s\n%s %s/%s\n%s\n%s\n", report.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, report.Machine.Kernel, timeText(report.At))},
		{Name: "findings.txt", Text: findings.String()},
		{Name: "config.txt", Text: settings.String()},
		{Name: "machine.json", Text: indented(report.Machine)},
	}
}

// ownFiles are those of the running daemon.
func (d *daemon) ownFiles() []doctor.File {
	files := []doctor.File{
		{Name: "status.json", Text: indented(live{d.hub, d.relay, d.relayed, d.traffic, d.warnings, d.lacks, d.role()}.Status())},
		{Name: "log.txt", Text: d.watched.lines.Text()},
	}
	var numbers bytes.Buffer
	if _, err := d.metrics.WriteTo(&numbers); err != nil {
		fmt.Fprintf(&numbers, "# %v\n", err)
	}
	files = append(files, doctor.File{Name: "metrics.txt", Text: numbers.String()})
	for _, name := range []string{"goroutine", "heap"} {
		var profile bytes.Buffer
		if err := pprof.Lookup(name).WriteTo(&profile, 1); err != nil {
			fmt.Fprintf(&profile, "%v\n", err)
		}
		files = append(files, doctor.File{Name: name + ".txt", Text: profile.String()})
	}
	if limits, err := os.ReadFile("/proc/self/limits"); err == nil {
		files = append(files, doctor.File{Name: "limits.txt", Text: string(limits)})
	}
	return files
}

func indented(value any) string {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text) + "\n"
}

// personal are keys of the log whose values name somebody, or somebody's session.
var personal = []string{"by", "name", "user", "session", "pair"}

// impersonal leaves out who something in the log is about; for slog.HandlerOptions.
func impersonal(_ []string, a slog.Attr) slog.Attr {
	if slices.Contains(personal, a.Key) {
		return slog.String(a.Key, "(left out)")
	}
	return a
}

// What else could be of a person or a secret, wherever it stands: e-mail addresses, who did
// something, what stands for a session, keys and tokens.
var (
	anEmail = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	aDoer   = regexp.MustCompile(`([( ])(by|name|user|session|pair): [^,)\n]+`)
	anID    = regexp.MustCompile(`\b[a-z2-7]{26}\b`)
	aToken  = regexp.MustCompile(`\b[A-Za-z0-9_-]{32,}\b`)
	aUserOf = regexp.MustCompile(`://[^/@\s]*@`)
)

// networksOnly cuts addresses as the log does by default.
var networksOnly = newAddressLog(slog.DiscardHandler, config.AddressesTruncated)

// scrub takes addresses, names, secrets and tokens out of a text that leaves the machine.
func scrub(text string) string {
	text = aUserOf.ReplaceAllString(text, "://")
	text = anEmail.ReplaceAllString(text, "(e-mail)")
	text = aDoer.ReplaceAllString(text, "$1$2: (left out)")
	text = anID.ReplaceAllString(text, "(id)")
	text = aToken.ReplaceAllStringFunc(text, func(word string) string {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == "" && strings.Contains(word, "_") {
			return word // a metric
		}
		return "(token)"
	})
	return networksOnly.text(text)
}
