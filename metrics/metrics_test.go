package metrics

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func testSources() Sources {
	return Sources{
		Version:       "1.2.3",
		Scopes:        []string{"all", "relay"},
		Gravities:     []string{"slight"},
		Systems:       []string{"linux", "other"},
		Modes:         []string{"text"},
		Stores:        []string{"bans"},
		RequestStates: []string{"open"},
		Transports:    []string{"udp", "tcp"},
		DropReasons:   []string{"too_large", "queue_full"},
		ReportReasons: []string{"spam", "other"},
		RefusedCodes:  []string{"masked"},
		Denials:       []string{"capacity"},

		ChallengeOutcomes: []string{"issued"},
		PassOutcomes:      []string{"admitted"},
		CheckOutcomes:     []string{"adult"},

		StillLabels:        []string{"porn"},
		StillLosses:        []string{"late"},
		ClassifierOutcomes: []string{"answered"},
		Verdicts:           map[string][]string{"delivered": {"none"}, "rejected": {"link", "word"}},

		OffloadOutcomes: []string{"forwarded"},

		TLSServices: []string{"turn"}, TLSReasons: []string{"timeout"}, Routes: []string{"page"}, AdminOutcomes: []string{"ok"},
		DisclosureStates: []string{"made"}, LogLevels: []string{"error"}, StillOutcomes: []string{"taken"},
		ClusterStates: []string{"joined", "down"}, MoveOutcomes: []string{"left"}, SeekOutcomes: []string{"found"}, BusDrops: []string{"full"}, AskOutcomes: []string{"answered"}, Commons: []string{"sessions"},
	}
}

// serve runs a server until the test ends and returns where.
func serve(t *testing.T, sources Sources) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- NewServer(sources, nil).Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			t.Error("the listener is still open")
		}
	})
	return "http://" + ln.Addr().String()
}

// scrape reads what Prometheus would.
func scrape(t *testing.T, url string) (text string, families map[string]*dto.MetricFamily) {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", resp.Status, err, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err = parser.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return string(body), families
}

// samples returns our own series with their values: name{label=value}.
func samples(families map[string]*dto.MetricFamily) map[string]float64 {
	found := make(map[string]float64)
	for name, family := range families {
		for _, m := range family.GetMetric() {
			series := name
			for _, label := range m.GetLabel() {
				series += "{" + label.GetName() + "=" + label.GetValue() + "}"
			}
			if strings.HasPrefix(name, "joingyd_") {
				found[series] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return found
}

// zero is every series there is, before anything has happened.
var zero = map[string]float64{
	"joingyd_build_info{version=1.2.3}": 1,

	"joingyd_bans_active{scope=all}":   0,
	"joingyd_bans_active{scope=relay}": 0,
	"joingyd_bans_active{scope=other}": 0,
	"joingyd_bans_changes_total":       0,
	"joingyd_bans_failures_total":      0,

	"joingyd_cluster_relays":                          0,
	"joingyd_cluster_relay_sessions_elsewhere":        0,
	"joingyd_cluster_relay_sessions_none":             0,
	"joingyd_cluster_relay_guest_sessions":            0,
	"joingyd_cluster_relay_guest_pairs":               0,
	"joingyd_cluster_relay_moved_total":               0,
	"joingyd_cluster_relay_told_total":                0,
	"joingyd_cluster_relay_asked_total":               0,
	"joingyd_cluster_relay_unsaid_total":              0,
	"joingyd_cluster_relay_invalid_total":             0,
	"joingyd_cluster_relay_refused_total":             0,
	"joingyd_cluster_relay_silent_total":              0,
	"joingyd_cluster_redis_up":                        0,
	"joingyd_cluster_nodes":                           0,
	"joingyd_cluster_offers":                          0,
	"joingyd_cluster_found_total":                     0,
	"joingyd_cluster_lost_total":                      0,
	"joingyd_cluster_calls_failed_total":              0,
	"joingyd_cluster_offers_dropped_total":            0,
	"joingyd_cluster_moves_total{outcome=left}":       0,
	"joingyd_cluster_moves_total{outcome=other}":      0,
	"joingyd_cluster_seeks_total{outcome=found}":      0,
	"joingyd_cluster_seeks_total{outcome=other}":      0,
	"joingyd_cluster_doors":                           0,
	"joingyd_cluster_guests":                          0,
	"joingyd_cluster_bus_sent_total":                  0,
	"joingyd_cluster_bus_received_total":              0,
	"joingyd_cluster_bus_dropped_total{reason=full}":  0,
	"joingyd_cluster_bus_dropped_total{reason=other}": 0,
	"joingyd_cluster_bus_gaps_total":                  0,
	"joingyd_cluster_bus_queued_bytes":                0,
	"joingyd_cluster_asked_total{outcome=answered}":   0,
	"joingyd_cluster_asked_total{outcome=other}":      0,

	"joingyd_cluster_state{state=joined}":              0,
	"joingyd_cluster_state{state=down}":                0,
	"joingyd_cluster_redis_answer_seconds":             0,
	"joingyd_cluster_redis_downs_total":                0,
	"joingyd_cluster_redis_calls_total":                0,
	"joingyd_cluster_redis_refused_total{reason=down}": 0,
	"joingyd_cluster_redis_refused_total{reason=busy}": 0,

	"joingyd_cluster_pool_tickets":                       0,
	"joingyd_cluster_pool_waiting":                       0,
	"joingyd_cluster_pool_shards":                        0,
	"joingyd_cluster_pool_searches_total":                0,
	"joingyd_cluster_pool_visits_total":                  0,
	"joingyd_cluster_pool_outcomes_total{outcome=found}": 0,
	"joingyd_cluster_pool_outcomes_total{outcome=gone}":  0,
	"joingyd_cluster_pool_outcomes_total{outcome=full}":  0,
	"joingyd_cluster_pool_removed_total{reason=dead}":    0,
	"joingyd_cluster_pool_removed_total{reason=lost}":    0,

	"joingyd_cluster_accounts":                              0,
	"joingyd_cluster_accounts_told_total":                   0,
	"joingyd_cluster_accounts_failed_total":                 0,
	"joingyd_cluster_accounts_dropped_total":                0,
	"joingyd_cluster_accounts_refused_total{what=sessions}": 0,
	"joingyd_cluster_accounts_refused_total{what=other}":    0,

	"joingyd_cluster_bans_lacking":                      0,
	"joingyd_cluster_bans_changes_total{way=published}": 0,
	"joingyd_cluster_bans_changes_total{way=applied}":   0,
	"joingyd_cluster_bans_changes_total{way=supplied}":  0,
	"joingyd_cluster_bans_ended_total":                  0,
	"joingyd_cluster_bans_events_total{event=gap}":      0,
	"joingyd_cluster_bans_events_total{event=asked}":    0,
	"joingyd_cluster_bans_events_total{event=reset}":    0,
	"joingyd_cluster_bans_events_total{event=refused}":  0,
	"joingyd_cluster_bans_events_total{event=dropped}":  0,
	"joingyd_cluster_bans_events_total{event=failed}":   0,

	"joingyd_visits_total":                          0,
	"joingyd_visits_os_total{os=linux}":             0,
	"joingyd_visits_os_total{os=other}":             0,
	"joingyd_visits_browser_total{browser=other}":   0,
	"joingyd_visits_device_total{device=other}":     0,
	"joingyd_visits_language_total{language=other}": 0,
	"joingyd_visits_lasted_total{lasted=other}":     0,
	"joingyd_chats_connected_total{mode=text}":      0,
	"joingyd_chats_connected_total{mode=other}":     0,

	"joingyd_cases_waiting{gravity=slight}": 0,
	"joingyd_cases_waiting{gravity=other}":  0,
	"joingyd_cases_oldest_seconds":          0,
	"joingyd_cases_reports_dropped_total":   0,
	"joingyd_cases_evidence_dropped_total":  0,

	"joingyd_retention_forgotten_total{store=bans}":  0,
	"joingyd_retention_forgotten_total{store=other}": 0,
	"joingyd_retention_failures_total{store=bans}":   0,
	"joingyd_retention_failures_total{store=other}":  0,
	"joingyd_retention_last_run_timestamp_seconds":   0,
	"joingyd_privacy_requests{state=open}":           0,
	"joingyd_privacy_requests{state=other}":          0,

	"joingyd_stills_looked_total":                      0,
	"joingyd_stills_found_total{label=porn}":           0,
	"joingyd_stills_found_total{label=other}":          0,
	"joingyd_stills_lost_total{reason=late}":           0,
	"joingyd_stills_lost_total{reason=other}":          0,
	"joingyd_stills_waiting":                           0,
	"joingyd_classifier_calls_total{outcome=answered}": 0,
	"joingyd_classifier_calls_total{outcome=other}":    0,
	"joingyd_classifier_seconds_total":                 0,
	"joingyd_classifier_retries_total":                 0,
	"joingyd_classifier_rests_total":                   0,
	"joingyd_classifier_resting":                       0,
	"joingyd_classifier_in_flight":                     0,
	"joingyd_classifier_waiting":                       0,
	"joingyd_age_passes_total{outcome=admitted}":       0,
	"joingyd_age_passes_total{outcome=other}":          0,
	"joingyd_age_checks_total{outcome=adult}":          0,
	"joingyd_age_checks_total{outcome=other}":          0,

	"joingyd_turn_sessions": 0,
	"joingyd_turn_pairs":    0,
	"joingyd_turn_draining": 0,

	"joingyd_turn_traffic_month_bytes": 0, "joingyd_turn_traffic_month_limit_bytes": 0,

	"joingyd_turn_allocations{transport=udp}":                    0,
	"joingyd_turn_packets_total{transport=udp}":                  0,
	"joingyd_turn_bytes_total{transport=udp}":                    0,
	"joingyd_turn_drops_total{reason=too_large}{transport=udp}":  0,
	"joingyd_turn_drops_total{reason=queue_full}{transport=udp}": 0,
	"joingyd_turn_drops_total{reason=other}{transport=udp}":      0,
	"joingyd_turn_auth_total{result=ok}{transport=udp}":          0,
	"joingyd_turn_auth_total{result=failed}{transport=udp}":      0,
	"joingyd_turn_allocations{transport=tcp}":                    0,
	"joingyd_turn_packets_total{transport=tcp}":                  0,
	"joingyd_turn_bytes_total{transport=tcp}":                    0,
	"joingyd_turn_drops_total{reason=too_large}{transport=tcp}":  0,
	"joingyd_turn_drops_total{reason=queue_full}{transport=tcp}": 0,
	"joingyd_turn_drops_total{reason=other}{transport=tcp}":      0,
	"joingyd_turn_auth_total{result=ok}{transport=tcp}":          0,
	"joingyd_turn_auth_total{result=failed}{transport=tcp}":      0,

	"joingyd_turn_offload_interfaces":                       0,
	"joingyd_turn_offload_flows":                            0,
	"joingyd_turn_offload_packets_total{outcome=forwarded}": 0,
	"joingyd_turn_offload_packets_total{outcome=other}":     0,

	"joingyd_match_sessions":                    0,
	"joingyd_match_waiting":                     0,
	"joingyd_match_pairs":                       0,
	"joingyd_match_reports_total{reason=spam}":  0,
	"joingyd_match_reports_total{reason=other}": 0,
	"joingyd_match_refused_total{code=masked}":  0,
	"joingyd_match_refused_total{code=other}":   0,

	"joingyd_match_addresses":                                             0,
	"joingyd_match_addresses_forgotten_total":                             0,
	"joingyd_match_reports_forgotten_total":                               0,
	"joingyd_match_denied_total{reason=capacity}":                         0,
	"joingyd_match_denied_total{reason=other}":                            0,
	"joingyd_match_challenges_total{outcome=issued}":                      0,
	"joingyd_match_challenges_total{outcome=other}":                       0,
	"joingyd_match_filter_verdicts_total{reason=none}{verdict=delivered}": 0,
	"joingyd_match_filter_verdicts_total{reason=link}{verdict=rejected}":  0,
	"joingyd_match_filter_verdicts_total{reason=word}{verdict=rejected}":  0,

	"joingyd_match_filter_mutes_total":        0,
	"joingyd_match_filter_bans_total":         0,
	"joingyd_match_filter_bans_dropped_total": 0,
	"joingyd_match_filter_fingerprints":       0,
	"joingyd_match_filter_evictions_total":    0,

	"joingyd_match_paired_total{mode=text}":               0,
	"joingyd_match_paired_total{mode=other}":              0,
	"joingyd_match_slow_total":                            0,
	"joingyd_stills_asked_total{outcome=taken}":           0,
	"joingyd_stills_asked_total{outcome=other}":           0,
	"joingyd_turn_offload_refused_total":                  0,
	"joingyd_tls_listeners":                               0,
	"joingyd_tls_certificate_expiry_timestamp_seconds":    0,
	"joingyd_tls_pending":                                 0,
	"joingyd_tls_connections_total{service=turn}":         0,
	"joingyd_tls_connections_total{service=other}":        0,
	"joingyd_tls_closed_total{reason=timeout}":            0,
	"joingyd_tls_closed_total{reason=other}":              0,
	"joingyd_tls_accept_failures_total":                   0,
	"joingyd_http_requests_total{code=1xx}{route=page}":   0,
	"joingyd_http_requests_total{code=2xx}{route=page}":   0,
	"joingyd_http_requests_total{code=3xx}{route=page}":   0,
	"joingyd_http_requests_total{code=4xx}{route=page}":   0,
	"joingyd_http_requests_total{code=5xx}{route=page}":   0,
	"joingyd_http_request_seconds_total{route=page}":      0,
	"joingyd_admin_requests_total{outcome=ok}":            0,
	"joingyd_admin_requests_total{outcome=other}":         0,
	"joingyd_audit_entries":                               0,
	"joingyd_audit_failures_total":                        0,
	"joingyd_audit_damaged":                               0,
	"joingyd_evidence_files":                              0,
	"joingyd_evidence_bytes":                              0,
	"joingyd_evidence_limit_bytes":                        0,
	"joingyd_evidence_held_cases":                         0,
	"joingyd_iplog_waiting":                               0,
	"joingyd_iplog_dropped_total":                         0,
	"joingyd_iplog_failures_total":                        0,
	"joingyd_totals_unsaved":                              0,
	"joingyd_legal_holds":                                 0,
	"joingyd_legal_holds_next_end_timestamp_seconds":      0,
	"joingyd_privacy_requests_next_due_timestamp_seconds": 0,
	"joingyd_disclosures{state=made}":                     0,
	"joingyd_disclosures{state=other}":                    0,
	"joingyd_data_dir_free_bytes":                         0,
	"joingyd_data_dir_size_bytes":                         0,
	"joingyd_clock_synchronized":                          0,
	"joingyd_clock_steps_total":                           0,
	"joingyd_log_records_total{level=error}":              0,
	"joingyd_log_records_total{level=other}":              0,
}

func wantSamples(t *testing.T, got, changed map[string]float64) {
	t.Helper()
	if len(got) != len(zero) {
		t.Errorf("%d series, want %d", len(got), len(zero))
	}
	for series, want := range zero {
		if other, ok := changed[series]; ok {
			want = other
		}
		if value, ok := got[series]; !ok || value != want {
			t.Errorf("%s = %v (there: %v), want %v", series, value, ok, want)
		}
	}
}

func TestEverythingIsThereAtZero(t *testing.T) {
	text, families := scrape(t, serve(t, testSources()))
	wantSamples(t, samples(families), nil)
	for _, name := range []string{"go_goroutines", "process_start_time_seconds"} {
		if families[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	// No label and no help text carries an address.
	address := regexp.MustCompile(`\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:[0-9a-f]*|127\.|localhost`)
	if found := address.FindString(text); found != "" {
		t.Errorf("%q is there", found)
	}
}

func TestCounts(t *testing.T) {
	sources := testSources()
	sources.Bans = func() Bans {
		return Bans{Active: map[string]int{"relay": 2, "a new scope": 31}, Changes: 32, Failures: 33}
	}
	sources.Cases = func() Cases {
		return Cases{Waiting: map[string]int{"slight": 34, "new": 35}, Oldest: 36, Dropped: 37, EvidenceDropped: 38}
	}
	sources.Retention = func() Retention {
		return Retention{Forgotten: map[string]uint64{"bans": 61, "new": 62}, Failures: map[string]uint64{"bans": 63}, Last: 64.5, Requests: map[string]int{"open": 65, "new": 66}}
	}
	sources.Stills = func() Stills {
		return Stills{Looked: 39, Found: map[string]uint64{"porn": 40, "drawing": 41}, Lost: map[string]uint64{"late": 42, "bored": 43}, Waiting: 44}
	}
	sources.Classifier = func() Classifier {
		return Classifier{Calls: map[string]uint64{"answered": 45, "sulked": 46}, Seconds: 47.5, Retried: 48, Opened: 49, Resting: true, InFlight: 50, Waiting: 51}
	}
	sources.Age = func() Age {
		return Age{Passes: map[string]uint64{"admitted": 39, "new": 40}, Checks: map[string]uint64{"adult": 41}}
	}
	sources.Relay = func() Relay {
		return Relay{
			Sessions: 4, Pairs: 5, Draining: true,
			ByTransport: map[string]Transport{
				"udp":         {Allocations: 3, Packets: 6, Bytes: 7, Drops: map[string]uint64{"queue_full": 8, "a new reason": 9}, AuthOK: 10, AuthFailed: 11},
				"203.0.113.7": {Allocations: 1},
			},
			Offload: Offload{Interfaces: 19, Flows: 20, Packets: map[string]uint64{"forwarded": 21, "lost": 22}, Refused: 106},
		}
	}
	sources.Match = func() Match {
		return Match{
			Sessions: 12, Waiting: 13, Pairs: 14,
			Paired: map[string]uint64{"text": 102, "new": 103}, Slow: 104, Stills: map[string]uint64{"taken": 105},
			Reports: map[string]uint64{"spam": 15, "other": 16, "": 17}, Refused: map[string]uint64{"\xff": 18},
			Addresses: 23, Forgotten: 24, ReportsForgotten: 31, Denied: map[string]uint64{"capacity": 25, "mood": 26}, Challenges: map[string]uint64{"issued": 27},
			Filter: Filter{
				Verdicts: map[string]map[string]uint64{"rejected": {"link": 23, "a new reason": 24}, "delivered": {"none": 25}},
				Mutes:    26, Bans: 27, BansDropped: 28, Fingerprints: 29, Evicted: 30,
			},
		}
	}
	sources.Ports = func() Ports {
		return Ports{
			Listening: 71, CertificateExpiry: 72.5, Pending: 73, Connections: map[string]uint64{"turn": 74, "new": 75}, Closed: map[string]uint64{"timeout": 76}, AcceptFailures: 77,
			Requests: map[string]map[string]uint64{"page": {"4xx": 78, "new": 79}, "new": {"2xx": 80}}, HTTPSeconds: map[string]float64{"page": 81.5}, Admin: map[string]uint64{"ok": 82},
		}
	}
	sources.Kept = func() Kept {
		return Kept{
			AuditEntries: 83, AuditFailures: 84, AuditDamaged: true, EvidenceFiles: 85, EvidenceHeld: 86, EvidenceBytes: 87, EvidenceLimit: 88,
			IPLogWaiting: 89, IPLogDropped: 90, IPLogFailed: 91, TotalsUnsaved: 92, LegalHolds: 93, LegalHoldEnds: 94.5, RequestDue: 95.5, Disclosures: map[string]int{"made": 96, "new": 97},
		}
	}
	sources.Host = func() Host {
		return Host{DiskFree: 98, DiskSize: 99, ClockSynchronized: true, ClockSteps: 100, Logged: map[string]uint64{"error": 101}}
	}
	sources.Cluster = func() Cluster {
		return Cluster{
			RedisUp: true, Nodes: 102, Offers: 103, Found: 104, Lost: 105, Failed: 106, Dropped: 107,
			Moves: map[string]uint64{"left": 108, "new": 109}, Seeks: map[string]uint64{"found": 110}, Doors: 111, Guests: 112,
			Sent: 113, Received: 114, Undelivered: map[string]uint64{"full": 115}, Gaps: 116, Queued: 117, Asked: map[string]uint64{"answered": 118},
		}
	}
	sources.Relays = func() Relays {
		return Relays{
			Alive: 118, Elsewhere: 119, None: 120, GuestSessions: 121, GuestPairs: 122, Moved: 123, Told: 124, Asked: 125, Unsaid: 126,
			Invalid: 127, Refused: 128, Silent: 129,
		}
	}
	sources.SharedAccounts = func() SharedAccounts {
		return SharedAccounts{Known: 118, Told: 119, Failed: 120, Dropped: 121, Refused: map[string]uint64{"sessions": 122, "new": 123}}
	}
	_, families := scrape(t, serve(t, sources))
	wantSamples(t, samples(families), map[string]float64{
		"joingyd_cluster_relays": 118, "joingyd_cluster_relay_sessions_elsewhere": 119, "joingyd_cluster_relay_sessions_none": 120,
		"joingyd_cluster_relay_guest_sessions": 121, "joingyd_cluster_relay_guest_pairs": 122, "joingyd_cluster_relay_moved_total": 123,
		"joingyd_cluster_relay_told_total": 124, "joingyd_cluster_relay_asked_total": 125, "joingyd_cluster_relay_unsaid_total": 126,
		"joingyd_cluster_relay_invalid_total": 127, "joingyd_cluster_relay_refused_total": 128, "joingyd_cluster_relay_silent_total": 129,
		"joingyd_cluster_accounts": 118, "joingyd_cluster_accounts_told_total": 119, "joingyd_cluster_accounts_failed_total": 120,
		"joingyd_cluster_accounts_dropped_total":                121,
		"joingyd_cluster_accounts_refused_total{what=sessions}": 122, "joingyd_cluster_accounts_refused_total{what=other}": 123,
		"joingyd_cluster_redis_up": 1, "joingyd_cluster_nodes": 102, "joingyd_cluster_offers": 103, "joingyd_cluster_found_total": 104,
		"joingyd_cluster_lost_total": 105, "joingyd_cluster_calls_failed_total": 106, "joingyd_cluster_offers_dropped_total": 107,
		"joingyd_cluster_moves_total{outcome=left}": 108, "joingyd_cluster_moves_total{outcome=other}": 109,
		"joingyd_cluster_seeks_total{outcome=found}": 110, "joingyd_cluster_doors": 111, "joingyd_cluster_guests": 112,
		"joingyd_cluster_bus_sent_total": 113, "joingyd_cluster_bus_received_total": 114,
		"joingyd_cluster_bus_dropped_total{reason=full}": 115, "joingyd_cluster_bus_gaps_total": 116, "joingyd_cluster_bus_queued_bytes": 117,
		"joingyd_cluster_asked_total{outcome=answered}": 118, "joingyd_cluster_asked_total{outcome=other}": 0,
		"joingyd_tls_listeners": 71, "joingyd_tls_certificate_expiry_timestamp_seconds": 72.5, "joingyd_tls_pending": 73,
		"joingyd_tls_connections_total{service=turn}": 74, "joingyd_tls_connections_total{service=other}": 75,
		"joingyd_tls_closed_total{reason=timeout}": 76, "joingyd_tls_accept_failures_total": 77,
		"joingyd_http_requests_total{code=4xx}{route=page}": 78, "joingyd_http_request_seconds_total{route=page}": 81.5, "joingyd_admin_requests_total{outcome=ok}": 82,
		"joingyd_audit_entries": 83, "joingyd_audit_failures_total": 84, "joingyd_audit_damaged": 1,
		"joingyd_evidence_files": 85, "joingyd_evidence_held_cases": 86, "joingyd_evidence_bytes": 87, "joingyd_evidence_limit_bytes": 88,
		"joingyd_iplog_waiting": 89, "joingyd_iplog_dropped_total": 90, "joingyd_iplog_failures_total": 91, "joingyd_totals_unsaved": 92,
		"joingyd_legal_holds": 93, "joingyd_legal_holds_next_end_timestamp_seconds": 94.5, "joingyd_privacy_requests_next_due_timestamp_seconds": 95.5,
		"joingyd_disclosures{state=made}": 96, "joingyd_disclosures{state=other}": 97,
		"joingyd_data_dir_free_bytes": 98, "joingyd_data_dir_size_bytes": 99, "joingyd_clock_synchronized": 1, "joingyd_clock_steps_total": 100,
		"joingyd_log_records_total{level=error}": 101,
		"joingyd_match_paired_total{mode=text}":  102, "joingyd_match_paired_total{mode=other}": 103, "joingyd_match_slow_total": 104,
		"joingyd_stills_asked_total{outcome=taken}": 105, "joingyd_turn_offload_refused_total": 106,

		"joingyd_match_addresses": 23, "joingyd_match_addresses_forgotten_total": 24,
		"joingyd_match_reports_forgotten_total":       31,
		"joingyd_match_denied_total{reason=capacity}": 25, "joingyd_match_denied_total{reason=other}": 26,
		"joingyd_match_challenges_total{outcome=issued}": 27,

		"joingyd_age_passes_total{outcome=admitted}": 39, "joingyd_age_passes_total{outcome=other}": 40,
		"joingyd_age_checks_total{outcome=adult}": 41,

		"joingyd_bans_active{scope=relay}": 2, "joingyd_bans_active{scope=other}": 31,
		"joingyd_bans_changes_total": 32, "joingyd_bans_failures_total": 33,

		"joingyd_cases_waiting{gravity=slight}": 34, "joingyd_cases_waiting{gravity=other}": 35, "joingyd_cases_oldest_seconds": 36,
		"joingyd_cases_reports_dropped_total": 37, "joingyd_cases_evidence_dropped_total": 38,

		"joingyd_retention_forgotten_total{store=bans}": 61, "joingyd_retention_forgotten_total{store=other}": 62,
		"joingyd_retention_failures_total{store=bans}": 63, "joingyd_retention_last_run_timestamp_seconds": 64.5,
		"joingyd_privacy_requests{state=open}": 65, "joingyd_privacy_requests{state=other}": 66,

		"joingyd_stills_looked_total": 39, "joingyd_stills_found_total{label=porn}": 40, "joingyd_stills_found_total{label=other}": 41,
		"joingyd_stills_lost_total{reason=late}": 42, "joingyd_stills_lost_total{reason=other}": 43, "joingyd_stills_waiting": 44,
		"joingyd_classifier_calls_total{outcome=answered}": 45, "joingyd_classifier_calls_total{outcome=other}": 46,
		"joingyd_classifier_seconds_total": 47.5, "joingyd_classifier_retries_total": 48, "joingyd_classifier_rests_total": 49,
		"joingyd_classifier_resting": 1, "joingyd_classifier_in_flight": 50, "joingyd_classifier_waiting": 51,

		"joingyd_turn_allocations{transport=udp}": 3,
		"joingyd_turn_sessions":                   4, "joingyd_turn_pairs": 5, "joingyd_turn_draining": 1,
		"joingyd_turn_packets_total{transport=udp}": 6, "joingyd_turn_bytes_total{transport=udp}": 7,
		"joingyd_turn_drops_total{reason=queue_full}{transport=udp}": 8, "joingyd_turn_drops_total{reason=other}{transport=udp}": 9,
		"joingyd_turn_auth_total{result=ok}{transport=udp}": 10, "joingyd_turn_auth_total{result=failed}{transport=udp}": 11,
		"joingyd_turn_offload_interfaces": 19, "joingyd_turn_offload_flows": 20,
		"joingyd_turn_offload_packets_total{outcome=forwarded}": 21, "joingyd_turn_offload_packets_total{outcome=other}": 22,
		"joingyd_match_sessions": 12, "joingyd_match_waiting": 13, "joingyd_match_pairs": 14,
		"joingyd_match_reports_total{reason=spam}": 15, "joingyd_match_reports_total{reason=other}": 33,
		"joingyd_match_refused_total{code=other}": 18,

		"joingyd_match_filter_verdicts_total{reason=link}{verdict=rejected}":  23,
		"joingyd_match_filter_verdicts_total{reason=none}{verdict=delivered}": 25,

		"joingyd_match_filter_mutes_total": 26, "joingyd_match_filter_bans_total": 27, "joingyd_match_filter_bans_dropped_total": 28,
		"joingyd_match_filter_fingerprints": 29, "joingyd_match_filter_evictions_total": 30,
	})
	for name, family := range families {
		if strings.HasPrefix(name, "joingyd_") && (family.GetType() == dto.MetricType_COUNTER) != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %v", name, family.GetType())
		}
	}
}

func TestOnlyMetricsAreServed(t *testing.T) {
	url := serve(t, testSources())
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 404}, {"GET", "/metrics/", 404}, {"GET", "/debug/pprof/", 404}, {"POST", "/metrics", 405},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, resp.StatusCode, tt.want)
		}
	}
}

func TestEveryRegistryIsItsOwn(t *testing.T) {
	for range 2 { // the same names twice would panic in a shared one
		registry := prometheus.NewPedanticRegistry() // checks Describe against Collect
		register(registry, testSources())
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "joingyd_build_info" }) {
			t.Error("joingyd_build_info is missing")
		}
	}
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil || slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return strings.HasPrefix(f.GetName(), "joingyd_") }) {
		t.Errorf("the default registry has something of ours (%v)", err)
	}
}

func TestRunEndsWhileAConnectionIsSilent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- NewServer(Sources{}, nil).Run(ctx, ln) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunReportsABrokenListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := NewServer(Sources{}, nil).Run(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
}
