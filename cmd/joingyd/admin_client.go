package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate/pdq"
)

// Files in the data directory: the ban store's, and the control socket.
const (
	banStoreFile    = "joingyd.db"
	banKeyFile      = "ban.key"
	adminSocketFile = "admin.sock"
)

// requestTime is how long the daemon may take for an answer.
const requestTime = 30 * time.Second

// control is what the commands ask: of the daemon, or of the store with
// --offline.
type control interface {
	Ban(context.Context, admin.BanRequest) (admin.BanResult, error)
	Unban(context.Context, admin.UnbanRequest) (admin.UnbanResult, error)
	Bans(context.Context, admin.BansRequest) (admin.BanList, error)
	Check(context.Context, admin.CheckRequest) (admin.CheckResult, error)
	History(context.Context, admin.HistoryRequest) (admin.History, error)
	BanStats(context.Context) (admin.BanStats, error)
	Allow(context.Context, admin.AllowRequest) (admin.AllowResult, error)
	Disallow(context.Context, admin.DisallowRequest) (admin.AllowResult, error)
	Allowed(context.Context) (admin.Allowlist, error)
	Reports(context.Context) (admin.ReportList, error)
	Cases(ctx context.Context, limit int) (admin.CaseList, error)
	Case(ctx context.Context, id string) (admin.Case, error)
	CaseStats(context.Context) (admin.CaseStats, error)
	Evidence(context.Context, admin.EvidenceRequest) (admin.EvidenceList, error)
	Guardian(context.Context, admin.GuardianRequest) (admin.GuardianResult, error)
	Login(context.Context, admin.LoginRequest) (admin.LoginResult, error)
	Transparency(context.Context, admin.TransparencyRequest) (admin.Transparency, error)
	Decide(context.Context, admin.DecideRequest) (admin.DecideResult, error)
	Hold(context.Context, admin.HoldRequest) (admin.HoldResult, error)
	Release(context.Context, admin.ReleaseRequest) (admin.HoldResult, error)
	HeldCases(ctx context.Context, limit int) (admin.CaseList, error)
	CasesAbout(context.Context, admin.AboutRequest) (admin.CaseList, error)
	Disclose(context.Context, admin.DiscloseRequest) (admin.DiscloseResult, error)
	SignDisclosure(context.Context, admin.SignRequest) (admin.SignResult, error)
	ConfirmDisclosure(context.Context, admin.ConfirmRequest) (disclosure.Entry, error)
	RefuseDisclosure(context.Context, admin.RefuseRequest) (disclosure.Entry, error)
	Disclosures(context.Context) (admin.DisclosureList, error)
	DisclosureKey(context.Context) (admin.DisclosureKey, error)
	MakeLegalHold(context.Context, admin.LegalHoldRequest) (legalhold.Hold, error)
	ReleaseLegalHold(context.Context, admin.LegalReleaseRequest) (admin.LegalReleaseResult, error)
	LegalHolds(context.Context) (admin.LegalHoldList, error)
	Held(context.Context) (admin.PrivacyReport, error)
	DataOf(context.Context, admin.SubjectRequest) (admin.PersonalData, error)
	Erase(context.Context, admin.EraseRequest) (admin.Erasure, error)
	PrivacyRequests(ctx context.Context, all bool) (admin.PrivacyRequestList, error)
	PrivacyRequest(ctx context.Context, id string) (admin.PrivacyRequest, error)
	EndPrivacyRequest(context.Context, admin.EndRequest) (admin.PrivacyRequest, error)
	ImportImages(context.Context, admin.ImportImagesRequest, io.Reader) (admin.ImportImagesResult, error)
	Images(context.Context) (admin.ImageList, error)
	CheckImage(context.Context, admin.CheckImageRequest) (admin.CheckImageResult, error)
	RemoveImages(context.Context, admin.RemoveImagesRequest) (admin.RemoveImagesResult, error)
	Import(context.Context, admin.ImportRequest, io.Reader) (admin.ImportResult, error)
	Export(context.Context, admin.ExportRequest, io.Writer) (admin.ExportResult, error)
	Totals(context.Context, admin.TotalsRequest) (admin.TotalsList, error)
	Kick(context.Context, admin.KickRequest) (admin.KickResult, error)
	Sessions(context.Context, admin.SessionsRequest) (admin.SessionList, error)
	Status(context.Context) (admin.Status, error)
	AuditLog(ctx context.Context, limit int) (admin.AuditList, error)
	RelayList(context.Context, admin.RelayListRequest) (admin.RelayList, error)
	RelayShow(context.Context, admin.RelayShowRequest) (admin.RelayList, error)
	RelayKill(context.Context, admin.RelayKillRequest) (admin.RelayKillResult, error)
	RelayDrain(context.Context, admin.RelayDrainRequest) (admin.RelayDrainResult, error)
	ClusterStatus(context.Context) (admin.ClusterStatus, error)
	ClusterDrain(context.Context, admin.ClusterDrainRequest) (admin.ClusterNode, error)
	Backup(context.Context, admin.BackupRequest, io.Writer) (admin.Manifest, error)
	CheckStore(context.Context) (ban.Report, error)
	Keys(context.Context) (admin.KeyList, error)
	RotateKeys(context.Context, admin.RotateRequest) (admin.RotateResult, error)
}

// adminFlags says whom to ask and how to print the answer.
type adminFlags struct {
	socket  string
	node    string // that is asked through the daemon; empty: the daemon itself
	output  outputFormat
	offline bool
	dataDir string

	canOffline bool // --offline is an answer to no daemon
	makesStore bool // --offline makes a store where there is none
	images     bool // --offline needs the list of known images
}

// add adds the flags of every command that asks.
func (f *adminFlags) add(cmd *cobra.Command) {
	f.addOutput(cmd)
	f.addSocket(cmd)
}

// addSocket adds that of every command that needs the daemon.
func (f *adminFlags) addSocket(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.socket, "socket", "", "the daemon's control socket (default: JOINGYD_SOCKET, /run/joingyd/admin.sock or ./var/admin.sock)")
	cmd.PersistentFlags().StringVar(&f.node, "node", "", "ask this node of the site, through the daemon (joingyd cluster status lists them)")
	completeFlag(cmd, "node", completeNodes(f))
}

// addOutput adds that of every command that prints.
func (f *adminFlags) addOutput(cmd *cobra.Command) {
	f.output = outputText
	cmd.PersistentFlags().VarP(&f.output, "output", "o", "output: text, or json for one document")
	completeWords(cmd, "output", []outputFormat{outputText, outputJSON})
}

// addOffline adds those of a command that can do without the daemon.
func (f *adminFlags) addOffline(cmd *cobra.Command) {
	f.canOffline = true
	cmd.PersistentFlags().BoolVar(&f.offline, "offline", false, "open the ban store itself, while no daemon runs")
	cmd.PersistentFlags().StringVar(&f.dataDir, "data-dir", "", "data directory for --offline (default: "+dataDirs+")")
}

// ask sends one request and prints its answer: as JSON, or with text.
func ask[T any](cmd *cobra.Command, f *adminFlags, send func(context.Context, control) (T, error), text func(io.Writer, T) error) error {
	return askLong(cmd, f, func(ctx context.Context, c control) (T, error) {
		ctx, cancel := context.WithTimeout(ctx, requestTime)
		defer cancel()
		return send(ctx, c)
	}, text)
}

// askLong is ask for what may last as long as it needs.
func askLong[T any](cmd *cobra.Command, f *adminFlags, send func(context.Context, control) (T, error), text func(io.Writer, T) error) error {
	answer, err := askControl(cmd.Context(), f, send)
	switch {
	case err != nil:
		return f.refuse(cmd, err)
	case f.output == outputJSON:
		return printJSON(cmd.OutOrStdout(), answer)
	}
	return text(cmd.OutOrStdout(), answer)
}

// refuse returns why there is no answer, and prints it where JSON was asked for.
func (f *adminFlags) refuse(cmd *cobra.Command, err error) error {
	if f.output == outputJSON {
		return errors.Join(err, printJSON(cmd.OutOrStdout(), refusal(err)))
	}
	return err
}

func askControl[T any](ctx context.Context, f *adminFlags, send func(context.Context, control) (T, error)) (answer T, err error) {
	if !f.offline {
		client, err := f.connect(ctx)
		if err != nil {
			return answer, err
		}
		return send(ctx, client)
	}
	store, err := f.openStore()
	if err != nil {
		return answer, err
	}
	options, err := adminOptions(config.Default().Bans)
	if err == nil {
		dir := f.offlineDir()
		options.SaveKeys, options.KeyFile, options.KeyRings, options.Kept = saveBanKeys(dir), keyFiles(dir), storedRings(dir), keptOffline(dir)
		own := config.Default()
		own.DataDir = dir
		options.SecretFiles = secretFiles(own) // what the configuration names elsewhere is not known here
		if f.images {
			options.Images, err = pdq.Keep(filepath.Join(dir, knownImagesFile))
		}
	}
	if err == nil {
		answer, err = send(ctx, admin.NewService(store, options))
	}
	return answer, errors.Join(err, store.Close())
}

// connect finds the daemon: where it was told to look, else at the usual places.
func (f *adminFlags) connect(ctx context.Context) (*admin.Client, error) {
	if f.dataDir != "" {
		return nil, usageError{fmt.Errorf("--data-dir goes with --offline; ask a running daemon with --socket %s", filepath.Join(f.dataDir, adminSocketFile))}
	}
	places := []string{"/run/joingyd/admin.sock", "./var/admin.sock"}
	if told := cmp.Or(f.socket, os.Getenv("JOINGYD_SOCKET")); told != "" {
		places = []string{told}
	}
	for _, place := range places {
		client, err := admin.Connect(ctx, place)
		switch {
		case errors.Is(err, admin.ErrNoDaemon):
			continue
		case err == nil && f.node != "":
			client = client.At(f.node)
		}
		return client, err
	}
	remedy := "start it with joingyd serve, or name its socket with --socket (admin.sock in its data directory)"
	if f.canOffline {
		remedy += ", or open the stored bans with --offline"
	}
	return nil, fmt.Errorf("%w on %s; %s", admin.ErrNoDaemon, strings.Join(places, " or "), remedy)
}

var errSocketOffline = usageError{errors.New("--socket asks a daemon and --offline does without; leave out one of them")}

var errNodeOffline = usageError{errors.New("--node asks a daemon and --offline does without; leave out one of them")}

// offlineDir is the data directory for --offline.
func (f *adminFlags) offlineDir() string { return dataDir(f.dataDir) }

// dataDirs is how dataDir finds one.
const dataDirs = "JOINGYD_DATA_DIR, " + installedData + " if it is there, else ./var"

// installedData is the data directory of the package's service.
const installedData = "/var/lib/joingyd"

// dataDir is the data directory where none was told: as with the control socket, the
// service's comes before one of this directory.
func dataDir(told string) string {
	if dir := cmp.Or(told, os.Getenv("JOINGYD_DATA_DIR")); dir != "" {
		return dir
	}
	if info, err := os.Stat(installedData); err == nil && info.IsDir() {
		return installedData
	}
	return "./var"
}

// openStore opens the store in the data directory, for --offline.
func (f *adminFlags) openStore() (*ban.Store, error) {
	switch {
	case f.socket != "":
		return nil, errSocketOffline
	case f.node != "":
		return nil, errNodeOffline
	}
	dir := f.offlineDir()
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no data directory %s; name it with --data-dir", dir)
	}
	if !f.makesStore && !fileExists(filepath.Join(dir, banStoreFile)) {
		return nil, fmt.Errorf("there is no ban store in %s; name the data directory with --data-dir (the first ban makes a store)", dir)
	}
	keys, err := loadStoreKeys(dir)
	if err != nil {
		return nil, err
	}
	store, err := openStoreIn(dir, keys, banOptions(config.Default().Bans, nil))
	return store, f.locked(err)
}

// locked says what to do about a store that a daemon has open.
func (f *adminFlags) locked(err error) error {
	switch {
	case !errors.Is(err, ban.ErrLocked):
		return err
	case f.dataDir != "":
		return fmt.Errorf("a daemon is running: leave out --offline and --data-dir, and ask it with --socket %s", filepath.Join(f.dataDir, adminSocketFile))
	default:
		return errors.New("a daemon is running: leave out --offline")
	}
}

// refusal is the JSON form of any error.
func refusal(err error) *admin.Error {
	if e, ok := errors.AsType[*admin.Error](err); ok {
		return e
	}
	code := admin.CodeInternal
	if errors.Is(err, admin.ErrNoDaemon) {
		code = admin.CodeUnavailable
	} else if _, ok := errors.AsType[usageError](err); ok {
		code = admin.CodeInvalid
	}
	return &admin.Error{Code: code, Detail: oneLine(err.Error())}
}

func printJSON(w io.Writer, value any) error { return json.NewEncoder(w).Encode(value) }

// outputFormat is the value of -o.
type outputFormat string

const (
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
)

// String, Set and Type make outputFormat a flag that refuses other values.
func (o *outputFormat) String() string { return string(*o) }

func (o *outputFormat) Set(text string) error {
	if *o = outputFormat(text); *o != outputText && *o != outputJSON {
		return errors.New("want text or json")
	}
	return nil
}

func (o *outputFormat) Type() string { return "format" }
