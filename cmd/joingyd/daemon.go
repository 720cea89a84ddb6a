package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/cert"
	"github.com/joingyd/joingyd/cluster"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/front"
	"github.com/joingyd/joingyd/internal/systemd"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/metrics"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/pdq"
	"github.com/joingyd/joingyd/moderate/watch"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/quota"
	"github.com/joingyd/joingyd/request"
	"github.com/joingyd/joingyd/totals"
	"github.com/joingyd/joingyd/turn"
	"github.com/joingyd/joingyd/turn/xdp"
	"github.com/joingyd/joingyd/web"
)

const (
	drainTime     = 10 * time.Second // for what is under way at the end
	settleTime    = time.Second      // of that, at most, for requests, before sockets are told
	drainSpare    = 5 * time.Second  // and for the stores to close
	sweepInterval = time.Minute      // of the stores
)

// daemon is the parts, plugged together. Its sockets are open when newDaemon
// returns; run serves them.
type daemon struct {
	cfg   config.Config // at the start
	log   *slog.Logger
	shown *shownAddresses // in log

	settings atomic.Pointer[config.Config] // as they were read at the start, with what reload took over; see current

	bans   *ban.Store
	cases  *moderate.Store
	totals *totals.Totals
	audit  *audit.Log

	evidence *evidenceStore
	images   *pdq.List       // that are known
	iplog    *iplog.Log      // nil: from where visitors come is written down nowhere
	requests *privacy.Store  // for data
	receipts *privacy.Visits // signs the receipts of visits
	swept    sweeper
	holds    *legalhold.Register
	told     *disclosure.Register // what authorities asked for
	watch    *watch.Watch         // nil: nobody looks at stills
	local    *match.Local         // how visitors' browsers look at them; nil: they do not
	tallied  watch.Stats          // see tallyStills
	proofs   *proofs              // nil: nobody proves their age

	stillLabels []string         // that there are rules about
	classifier  *classify.Client // nil: none

	secrets  config.ClusterSecrets     // of the nodes of a site
	member   *cluster.Member           // of them; nil: this is the only one
	asking   chan struct{}             // see node_forms.go
	draining atomic.Bool               // visitors are for other nodes
	started  atomic.Pointer[match.Hub] // hub, once it is made

	relay   *turn.Server
	clients clientAddr
	hub     *match.Hub
	site    web.Options                  // as configured at the start; newPages adds what the other parts answer
	agreed  string                       // at the end of its policy's version: see alsoAgreed
	redeem  http.Handler                 // nil: nobody proves their age
	pages   atomic.Pointer[http.Handler] // which http serves
	http    *http.Server

	accepting sync.WaitGroup // for http
	newcomers newcomers      // of http

	admin   *admin.Server
	drain   *drainer
	service *admin.Service

	relayed  *meter // bytes
	traffic  *quota.Month
	closed   videoClosed
	warnings *warnings
	watched  *watched // what the daemon sees of itself
	answered request.Counts
	memory   *memory

	forwarder *xdp.Forwarder // nil: none

	metrics         *metrics.Server
	metricsListener net.Listener // nil: none

	httpListener  net.Listener
	httpListener6 net.Listener // nil: none
	httpsListener net.Listener // nil: none
	splitters     []*front.Splitter
	acme          *cert.ACMESource // nil: certificates come from files, if at all
	certificates  certificates     // nil: none
	adminListener net.Listener
	adminTCP      *adminTCP // nil: none
	adminPath     string
	moderators    *moderators // their page; nil: none

	surroundings

	closers []func() error // undo what newDaemon did, in order
}

// surroundings are what a daemon is started in. Everything is optional.
type surroundings struct {
	sockets *systemd.Sockets              // that were passed
	level   *slog.LevelVar                // of the log
	load    func() (config.Config, error) // the settings as they are now; nil: there is no reload
	hangUp  <-chan os.Signal              // to reload
}

// newDaemon is newDaemonIn no surroundings.
func newDaemon(cfg config.Config, log *slog.Logger) (*daemon, error) {
	return newDaemonIn(cfg, log, surroundings{})
}

// newDaemonIn opens the store and the sockets. What fails leaves nothing open.
func newDaemonIn(cfg config.Config, log *slog.Logger, in surroundings) (_ *daemon, err error) {
	handler, watched := newWarningLog(log.Handler()), new(watched)
	addresses := newAddressLog(handler, cfg.Log.Addresses)
	d := &daemon{cfg: cfg, log: slog.New(watched.log(addresses)), shown: addresses.addresses, warnings: handler.kept, watched: watched, memory: newMemory(), adminPath: cfg.Admin.Socket, surroundings: in, asking: make(chan struct{}, formsAtOnce)}
	d.settings.Store(&cfg) // d.cfg gets another site.policy below
	d.closers = append(d.closers, d.sockets.Close)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.adminPath == "" {
		d.adminPath = filepath.Join(cfg.DataDir, adminSocketFile)
	}
	if d.site, err = siteOptions(cfg.Site); err != nil {
		return nil, err
	}
	d.cfg.Site.Policy = d.site.Policy
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir: %w; name another with --data-dir", err)
	}
	for _, warning := range cfg.Warnings() {
		d.log.Warn(warning)
	}
	if swappable() {
		d.log.Warn("memory may be written to swap, and what visitors say with it; set MemorySwapMax=0 in the unit of systemd, or turn swap off")
	}
	for _, open := range []func() error{d.openBans, d.openAudit, d.openEvidence, d.openCases, d.openWatch, d.openIPLog, d.openLegalHolds, d.openDisclosures, d.openRequests, d.openAge, d.openSecrets, d.openRelay, d.openTotals, d.openCluster, d.listenRelay, d.openHub, d.openTraffic, d.openHTTP, d.openTLS, d.openMetrics, d.openAdmin} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	for _, warning := range d.sockets.Unused() {
		d.log.Warn(warning)
	}
	return d, nil
}

func (d *daemon) openBans() error {
	keys, err := loadStoreKeys(d.cfg.DataDir)
	if err != nil {
		return err
	}
	options := banOptions(d.cfg.Bans, d.log)
	if d.cfg.Cluster.Enabled() {
		if options.Node, err = d.cfg.Cluster.NodeName(); err != nil {
			return err
		}
	}
	if d.bans, err = openStoreIn(d.cfg.DataDir, keys, options); err != nil {
		return err
	}
	d.closers = append(d.closers, d.bans.Close)
	return removeKeyDrafts(d.cfg.DataDir) // the store is ours, so nobody writes any
}

func (d *daemon) openHub() error {
	filter, err := openFilter(d.cfg.Filter)
	if err != nil {
		return err
	}
	if err := d.clients.change(d.cfg.HTTP); err != nil {
		return err
	}
	handover, err := takeHandover(d.cfg.DataDir)
	if err != nil {
		d.log.Warn("what the daemon before left cannot be used", "error", err)
	}
	live := liveMatch(d.cfg, d.site.Policy, filter)
	options := match.Options{
		Banned:       d.banned,
		Pseudonym:    d.pseudonym,
		Reported:     d.reported,
		Risk:         d.risk,
		Snapshots:    d.snapshots(),
		Age:          d.age(),
		Seen:         d.seen(),
		Visits:       d.visits(),
		Receipt:      d.visitReceipt,
		MaxBitrate:   turn.MediaBitrate(d.cfg.TURN.BandwidthPerAllocation),
		Addr:         d.clients.Of,
		RequestID:    func(r *http.Request) string { return request.ID(r.Context()) },
		Pressure:     d.memory.pressure,
		Policy:       live.Policy,
		Appeal:       "/appeal",
		Origins:      live.Origins,
		Absent:       live.Absent,
		Patience:     d.cfg.Match.Patience,
		AnyLanguage:  d.cfg.Match.AnyLanguage,
		ResumeGrace:  d.cfg.Match.ResumeGrace,
		Handover:     handover,
		HelloTimeout: d.cfg.Match.HelloTimeout,
		Logger:       d.log,

		Sessions:              live.Sessions,
		SessionsPerAddress:    live.SessionsPerAddress,
		SessionsPerAddressMax: live.SessionsPerAddressMax,

		Filter: live.Filter,
		Ban:    d.banSpammer,

		Cluster:  d.cluster(),
		Accounts: d.accounts(),

		FilterKey: d.lineKey(),
	}
	d.useRelays(&options)
	d.hub = match.New(options)
	d.started.Store(d.hub)
	d.hub.Drain(d.draining.Load())
	return nil
}

func (d *daemon) openAdmin() error {
	options, err := adminOptions(d.cfg.Bans)
	if err != nil {
		return err
	}
	d.relayed = newMeter(func() uint64 { return d.relay.Stats().Bytes })
	options.Live, options.Relay = live{d.hub, d.relay, d.relayed, d.traffic, d.warnings, d.lacks, d.role()}, relayControl{d.relay, d.drain}
	options.Reports, options.SaveKeys, options.Log = reports{d.hub, d.cases}, saveBanKeys(d.cfg.DataDir), d.log
	options.Cases, options.Evidence, options.Audit, options.HoldFor = d.cases, d.evidence, d.audit, d.cfg.Moderation.Hold
	options.Totals, options.Diagnose = d.totals, d.diagnose
	options.Requests, options.Retained = d.requests, d.held
	options.Images, options.Stills, options.Kept = d.images, d.watch != nil && d.local == nil, keptFiles(d.cfg.DataDir, d.cases.CopyTo)
	options.KeyFile, options.KeyRings = keyFiles(d.cfg.DataDir), storedRings(d.cfg.DataDir)
	options.KeyRings[admin.KeyRelay] = relayRing{d.relay, config.SecretPath(d.cfg.DataDir, relaySecretFile)}
	options.KeyRings[admin.KeyVisits] = visitRing(d.cfg.DataDir, visitDays(d.cfg.Privacy.IPLogDays), func(keys [][config.SecretSize]byte) error {
		d.receipts.UseKeys(keys)
		return nil
	})
	options.KeyRings[admin.KeyDisclosure] = fileRing{path: config.SecretPath(d.cfg.DataDir, signingKeyFile)} // made at its first use
	options.SecretFiles = secretFiles(d.cfg)
	if d.proofs != nil {
		options.KeyRings[admin.KeyAge] = d.proofs.ring(config.SecretPath(d.cfg.DataDir, ageKeyFile))
	}
	options.IPLog, options.LegalHolds, options.Disclosures, options.SigningKey = d.iplog, d.holds, d.told, signingKey(d.cfg.DataDir)
	if err := d.listenDesk(); err != nil {
		return err
	}
	if d.moderators != nil {
		options.Links = d.moderators.links
	}
	if d.member != nil {
		options.Cluster, options.Nodes = clusterControl{d.member.Registry(), d.member.Redis(), d.member.Err}, adminNodes{d.member}
	}
	d.service = admin.NewService(d.bans, options)
	if err := d.service.CountDisclosures(); err != nil {
		return err
	}
	if err := d.openDesk(); err != nil {
		return err
	}
	d.admin = admin.NewServer(d.service, d.log)
	if d.adminListener = d.sockets.Unix("admin.socket", d.adminPath); d.adminListener == nil {
		if d.adminListener, err = admin.Listen(d.adminPath, d.cfg.Admin.Group); err != nil {
			return fmt.Errorf("admin.socket: %w", err)
		}
	}
	d.closers = append(d.closers, d.adminListener.Close)
	d.answerNodes()
	return d.openAdminTCP()
}

// close closes what newDaemon opened, the last first.
func (d *daemon) close() error {
	var errs []error
	for _, closer := range slices.Backward(d.closers) {
		if err := closer(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// run serves until ctx ends or a part fails, and then drains, in this order: no
// connection is accepted any more, requests under way are answered, sockets are told
// to reconnect elsewhere or later, what they need to go on chatting then is told to another
// node or written down, relays are closed, the store is closed. Clients that come meanwhile wait in the sockets that systemd passed, if it did, for the next daemon.
func (d *daemon) run(ctx context.Context) error {
	d.log.Info("started", "version", programVersion(), "data_dir", d.cfg.DataDir, "bans", d.bans.Len())
	staying, leave := context.WithCancel(context.WithoutCancel(ctx)) // until everybody has left
	defer leave()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { d.hub.Run(ctx); return nil })
	group.Go(func() error { return d.sweep(ctx) })
	if d.cfg.Moderation.AuditHeads != "" {
		group.Go(func() error { return d.exportHeads(ctx) })
	}
	if d.watch != nil {
		group.Go(func() error { d.watch.Run(ctx); return nil })
	}
	if d.iplog != nil {
		group.Go(func() error { d.iplog.Run(staying); return nil })
	}
	group.Go(func() error { d.drain.run(ctx); return nil })
	group.Go(func() error { d.relayed.run(ctx); return nil })
	group.Go(func() error { d.watched.clock.Run(ctx); return nil })
	group.Go(func() error { d.memory.run(ctx); return nil })
	group.Go(func() error { d.totals.Run(ctx); return nil })
	group.Go(func() error { d.traffic.Run(ctx); return nil })
	group.Go(func() error { return d.admin.Run(ctx, d.adminListener) })
	if d.member != nil {
		group.Go(func() error { return d.member.Run(staying, clusterHub{d.hub}) })
	}
	if d.adminTCP != nil {
		group.Go(func() error { return d.admin.RunToken(ctx, d.adminTCP, d.adminTCP.token) })
	}
	if d.moderators != nil {
		group.Go(func() error { return d.moderators.Run(ctx, d.moderators.Listener) })
	}
	if d.metricsListener != nil {
		group.Go(func() error { return d.metrics.Run(ctx, d.metricsListener) })
	}
	d.serveHTTP(group, d.httpListener)
	if d.httpListener6 != nil {
		d.serveHTTP(group, d.httpListener6)
	}
	d.serveTLS(ctx, group)
	group.Go(func() error { d.live(staying); return nil })
	group.Go(func() error { d.reloads(ctx); return nil })
	d.tell(systemd.Ready(d.statusLine()))
	<-ctx.Done()
	d.log.Info("draining", "sessions", d.hub.Online())
	d.tell(systemd.Stopping(drainTime+drainSpare, "draining: "+d.statusLine()))
	left := d.drainHTTP(context.WithoutCancel(ctx))
	if err := leaveHandover(d.cfg.DataDir, d.handOver(context.WithoutCancel(ctx), d.hub.Handover())); err != nil {
		d.log.Warn("nothing can be left to the next daemon, so chats end", "error", err)
	}
	leave()
	err := errors.Join(left, group.Wait(), d.close())
	d.log.Info("stopped")
	return err
}

// drainHTTP closes the ports of pages and WebSocket, and then what is open there, for
// which it takes drainTime at most. Those that are shared close by themselves.
func (d *daemon) drainHTTP(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	d.httpListener.Close() // an error is for who serves it
	if d.httpListener6 != nil {
		d.httpListener6.Close()
	}
	d.accepting.Wait()
	d.newcomers.wait(settleTime)
	var shutdown errgroup.Group
	answered := make(chan struct{})
	shutdown.Go(func() error {
		defer close(answered)
		return d.http.Shutdown(ctx)
	})
	settle := time.NewTimer(settleTime)
	defer settle.Stop()
	select {
	case <-answered:
	case <-settle.C:
	}
	return errors.Join(d.hub.Close(ctx), shutdown.Wait())
}

// serveHTTP adds a port of pages and WebSocket to the daemon's goroutines.
func (d *daemon) serveHTTP(group *errgroup.Group, listener net.Listener) {
	d.accepting.Add(1)
	group.Go(func() error {
		defer d.accepting.Done()
		if err := d.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
}

// sweep lets the stores forget what they have kept for long enough.
func (d *daemon) sweep(ctx context.Context) error {
	d.erasePending(ctx)
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			d.tallyStills()
			d.forget(now)
			d.erasePending(ctx)
		}
	}
}

// readyLine names every address, for people and for scripts.
func (d *daemon) readyLine() string {
	scheme := "http"
	if d.cfg.HTTP.TLSSelfSigned {
		scheme = "https"
	}
	listening := []string{fmt.Sprintf("%s %s", scheme, d.httpListener.Addr())}
	if d.httpListener6 != nil {
		listening = append(listening, fmt.Sprintf("%s %s", scheme, d.httpListener6.Addr()))
	}
	if d.httpsListener != nil {
		listening = append(listening, fmt.Sprintf("https %s", d.httpsListener.Addr()))
	}
	for _, addr := range d.relay.Addrs() {
		listening = append(listening, fmt.Sprintf("stun/turn %s %s", addr.Transport, addr.AddrPort))
	}
	listening = append(listening, "admin "+d.adminPath)
	if d.adminTCP != nil {
		listening = append(listening, "admin http://"+d.adminTCP.Addr().String())
	}
	if d.moderators != nil {
		listening = append(listening, "moderators http://"+d.moderators.Addr().String())
	}
	if d.metricsListener != nil {
		listening = append(listening, "metrics "+d.metricsListener.Addr().String())
	}
	return fmt.Sprintf("joingyd ready: %s (%s)", d.intro(scheme), strings.Join(listening, ", "))
}

// openAt returns what to type into a browser on this machine.
func openAt(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}
