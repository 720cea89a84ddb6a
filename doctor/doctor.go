// Package doctor says what is wrong with a daemon, seen from inside, and what to do.
//
//	the daemon, or the command line where none runs ─▶ Facts ─ Examine ─▶ findings
//	findings, configuration, metrics, last lines of the log, profiles ─▶ WriteBundle
//
// Examine is a function of Facts alone: what the daemon knows of itself is the caller's to
// put in, and what the machine says Look finds. Nothing in Facts is of a visitor.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Level is how bad something is.
type Level string

// The levels, the worst first.
const (
	Serious Level = "serious" // visitors or moderators suffer, or soon will
	Notice  Level = "notice"  // to be looked at some day
)

// Finding is something wrong.
type Finding struct {
	Level Level  `json:"level"`
	What  string `json:"what"`
	Do    string `json:"do"`
}

// Facts are what findings are made of. What is zero is not known, and nothing is found of
// it, but for what says otherwise.
type Facts struct {
	Now     time.Time
	Running bool // a daemon, and the facts are its own
	Machine Machine

	Sessions       int       // most that there may be
	ClockSteps     uint64    // since the start
	NoContact      bool      // site.contact or site.abuse_contact is missing
	TLS            bool      // a port with TLS is open
	Certificate    time.Time // when it ends; zero with TLS: there is none yet
	Unready        string    // why the relay does not answer on its own sockets; empty: it does
	Host           string    // turn.public_host
	HostError      string    // why it has no address; empty: it has
	Alone          string    // why the daemon is without the other nodes of its site; empty: it has them, or there are none
	Taken          []string  // addresses to listen on that another program has, while no daemon runs
	Store          []string  // what is wrong with the ban store
	AuditDamaged   bool
	Resting        bool // the classifier is left alone for its failures
	OldestCase     time.Duration
	Overdue        int    // requests for data
	BanFailures    uint64 // bans that the disk refused, since the start
	LegalHoldEnds  time.Time
	Warnings       []string // the last of the log
	MonthBytes     uint64   // that the relay carried in this month, and may; 0: there is no limit
	MonthLimit     uint64
	MonthEnds      time.Time
	RetentionFails int // stores that could not forget, the last time
}

// The bounds of findings.
const (
	fewDescriptors = 1 << 12
	smallBuffer    = 4 << 20 // bytes
	lowDisk        = 200 << 20
	soon           = 14 * 24 * time.Hour
	longWait       = 24 * time.Hour
	holdSoon       = 3 * 24 * time.Hour
)

// Examine returns what is wrong, the worst first.
func Examine(f Facts) []Finding {
	var found findings
	found.machine(f)
	found.ways(f)
	found.stores(f)
	found.people(f)
	for _, warning := range f.Warnings {
		found.notice("the log warned: "+warning, "what it says; docs/operations.md lists messages under Troubleshooting")
	}
	list := []Finding(found)
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(rank(a.Level), rank(b.Level)) })
	return list
}

func rank(l Level) int {
	if l == Serious {
		return 0
	}
	return 1
}

// Worst reports whether anything is serious.
func Worst(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Level == Serious })
}

type findings []Finding

func (l *findings) serious(what, do string) { *l = append(*l, Finding{Serious, what, do}) }
func (l *findings) notice(what, do string)  { *l = append(*l, Finding{Notice, what, do}) }

// machine looks at what the machine gives.
func (l *findings) machine(f Facts) {
	m := f.Machine
	need := uint64(f.Sessions) + uint64(f.Sessions)/16 + fewDescriptors
	switch {
	case m.Descriptors == 0:
	case m.Descriptors < fewDescriptors, m.DescriptorsUsed > m.Descriptors/10*8:
		l.serious(fmt.Sprintf("%d of %d descriptors are used: past that no visitor gets in", m.DescriptorsUsed, m.Descriptors), "set LimitNOFILE=524288 in the unit (ulimit -n by hand), and restart")
	case m.Descriptors < need:
		l.notice(fmt.Sprintf("there may be %d descriptors, and match.sessions lets in %d visitors, a descriptor each", m.Descriptors, f.Sessions), "raise LimitNOFILE in the unit, or lower match.sessions")
	}
	if m.SocketBuffer > 0 && m.SocketBuffer < smallBuffer {
		l.notice(fmt.Sprintf("UDP sockets may buffer %d bytes: bursts of video are lost on a busy relay", m.SocketBuffer), "sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608, also in /etc/sysctl.d, and restart")
	}
	if m.ClockUnsynchronized {
		l.notice("the clock is not synchronized: bans, certificates and logs get wrong times", "timedatectl set-ntp true, or another time service")
	}
	if f.ClockSteps > 0 {
		l.notice(fmt.Sprintf("the clock was set by a second or more, %d times since the start", f.ClockSteps), "let a time service slew it (chrony, systemd-timesyncd), and look at what sets it")
	}
	if m.MemoryLimit > 0 && m.MemoryUsed > m.MemoryLimit/10*8 {
		l.serious(fmt.Sprintf("%d of %d MiB of memory are used: past that the kernel kills the daemon", m.MemoryUsed>>20, m.MemoryLimit>>20), "raise MemoryMax of the unit, or lower match.sessions")
	}
	switch {
	case m.DiskSize == 0:
	case m.DiskFree < lowDisk, m.DiskFree < min(m.DiskSize/20, 8*lowDisk):
		l.serious(fmt.Sprintf("%d MiB are free where the data directory is: bans and reports soon cannot be written", m.DiskFree>>20), "make room, or move data_dir")
	case m.DiskFree < min(m.DiskSize/20*3, 32*lowDisk): // a share of a large disk is room enough
		l.notice(fmt.Sprintf("%d MiB are free where the data directory is", m.DiskFree>>20), "make room before it is full")
	}
	if m.DataDirMode&0o077 != 0 {
		l.serious(fmt.Sprintf("the data directory has mode %04o: others on this machine may look into it", m.DataDirMode.Perm()), "chmod 700 on it")
	}
	if m.DataDirForeign {
		l.serious("the data directory belongs to somebody else than the daemon's user", "chown -R joingyd:joingyd on it, or run the daemon as its owner")
	}
}

// ways looks at how visitors get in.
func (l *findings) ways(f Facts) {
	if f.NoContact {
		l.notice("there is no contact, so only this machine is let in", "set site.contact and site.abuse_contact, and restart")
	}
	left := f.Certificate.Sub(f.Now)
	switch {
	case !f.TLS:
	case f.Certificate.IsZero():
		l.serious("there is no certificate of the authority yet: browsers are shown a self-signed one", "let the names of tls.acme_domains point here, and port 443 be reachable; the log says what the authority answered")
	case left <= 0:
		l.serious("the certificate expired on "+f.Certificate.UTC().Format(time.DateOnly)+": browsers refuse the site", "renew it; with files a new pair is taken without a restart, with ACME the log says why it is not renewed")
	case left < soon:
		l.serious(fmt.Sprintf("the certificate ends on %s", f.Certificate.UTC().Format(time.DateOnly)), "renew it; with ACME that should have happened, and the log says why not")
	}
	if f.Unready != "" {
		l.serious("the relay does not answer: "+f.Unready, "look for a firewall on this machine, and whether the sockets are bound; joingyd check SITE tells from outside")
	}
	if f.HostError != "" {
		l.serious("turn.public_host has no address: "+f.HostError, "give it one in the DNS, or correct the name: visitors' browsers look it up")
	}
	if f.Alone != "" {
		l.serious(f.Alone, "joingyd cluster status; docs/scaling.md, \"When Redis is slow or gone\"")
	}
	switch {
	case f.MonthLimit == 0:
	case f.MonthBytes >= f.MonthLimit:
		l.serious("turn.traffic_per_month is reached: no video chat begins until "+f.MonthEnds.UTC().Format(time.DateOnly), "raise it, if what the hoster takes for more is worth it, and reload")
	case f.MonthBytes >= f.MonthLimit-f.MonthLimit/5:
		l.notice(fmt.Sprintf("%d %% of turn.traffic_per_month are used: when all is, no video chat begins until %s", uint64(float64(f.MonthBytes)/float64(f.MonthLimit)*100), f.MonthEnds.UTC().Format(time.DateOnly)), "raise it, or lower turn.bandwidth_per_allocation, which needs a restart")
	}
	for _, taken := range f.Taken {
		l.serious("another program has "+taken, "stop it (ss -tulpn names it), or listen elsewhere")
	}
}

// stores looks at what is written down.
func (l *findings) stores(f Facts) {
	for _, problem := range f.Store {
		l.serious("the ban store: "+problem, "joingyd db check tells more; restore a backup with joingyd restore")
	}
	if f.AuditDamaged {
		l.serious("the audit log was changed or is damaged", "joingyd audit verify tells where; keep the file aside")
	}
	if f.BanFailures > 0 {
		l.serious(fmt.Sprintf("%d bans or ends of bans could not be written since the start", f.BanFailures), "look at the disk (dmesg), and repeat what was refused")
	}
	if f.RetentionFails > 0 {
		l.serious(fmt.Sprintf("%d stores could not delete what was kept for long enough", f.RetentionFails), "the log says which and why; look at the disk")
	}
}

// people looks at who waits for the operator.
func (l *findings) people(f Facts) {
	if f.Overdue > 0 {
		l.serious(fmt.Sprintf("%d requests for personal data are overdue", f.Overdue), "joingyd privacy requests")
	}
	if f.OldestCase > longWait {
		l.notice(fmt.Sprintf("a report waits for %d hours", int(f.OldestCase.Hours())), "joingyd reports")
	}
	if left := f.LegalHoldEnds.Sub(f.Now); !f.LegalHoldEnds.IsZero() && left < holdSoon {
		l.notice("a legal hold ends on "+f.LegalHoldEnds.UTC().Format(time.DateOnly), "joingyd hold list; ask the authority whether it needs longer")
	}
	if f.Resting {
		l.notice("the classifier fails, and is left alone: nothing looks at stills", "start it, and see what it logs (docs/classifier.md)")
	}
}

// Report is what was found, what the machine gives, and what may help to find out why.
type Report struct {
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
	Machine  Machine   `json:"machine"`
	Findings []Finding `json:"findings"`
	Files    []File    `json:"files"` // for a bundle
}

// Beside adds what a process sees that is not confined as the daemon is, if the daemon
// could not see it.
func (r *Report) Beside(own Machine) {
	var f Facts
	if r.Machine.SocketBuffer == 0 {
		f.Machine.SocketBuffer = own.SocketBuffer
		r.Machine.SocketBuffer = own.SocketBuffer
	}
	if own.ClockUnsynchronized && !r.Machine.ClockUnsynchronized {
		f.Machine.ClockUnsynchronized, r.Machine.ClockUnsynchronized = true, true
	}
	r.Findings = append(r.Findings, Examine(f)...)
}
