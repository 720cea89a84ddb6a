package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// other is the label value for those that nobody announced.
const other = "other"

// collector reads Sources at each scrape.
type collector struct {
	sources Sources

	build                                 family
	bans, banChanges, banFailures         family
	cases, oldestCase                     family
	casesDropped, evidenceDropped         family
	forgottenKept, unforgotten            family
	lastSweep, dataRequests               family
	looked, found, lost, stillsWaiting    family
	calls, callSeconds, retried, opened   family
	resting, inFlight, callsWaiting       family
	passes, ageChecks                     family
	allocations, turnSessions, turnPairs  family
	draining, packets, bytes, drops, auth family
	monthBytes, monthLimit                family
	offload, flows, offloaded             family
	matchSessions, waiting, pairs         family
	addresses, forgotten, unkept          family
	reports, refused, denied, challenges  family
	verdicts, mutes, filterBans           family
	filterDropped, fingerprints, evicted  family
	visits, systems, browsers, devices    family
	languages, stays, chats               family
	paired, slow, asked, flowsRefused     family
}

// family is one metric.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, label ...string) family {
	return family{prometheus.NewDesc("joingyd_"+name, help, label, nil), prometheus.GaugeValue}
}

func counter(name, help string, label ...string) family {
	return family{prometheus.NewDesc("joingyd_"+name, help, label, nil), prometheus.CounterValue}
}

func newCollector(sources Sources) *collector {
	if sources.Relay == nil {
		sources.Relay = func() Relay { return Relay{} }
	}
	if sources.Match == nil {
		sources.Match = func() Match { return Match{} }
	}
	if sources.Bans == nil {
		sources.Bans = func() Bans { return Bans{} }
	}
	if sources.Cases == nil {
		sources.Cases = func() Cases { return Cases{} }
	}
	if sources.Retention == nil {
		sources.Retention = func() Retention { return Retention{} }
	}
	if sources.Stills == nil {
		sources.Stills = func() Stills { return Stills{} }
	}
	if sources.Classifier == nil {
		sources.Classifier = func() Classifier { return Classifier{} }
	}
	if sources.Age == nil {
		sources.Age = func() Age { return Age{} }
	}
	if sources.Visits == nil {
		sources.Visits = func() Visits { return Visits{} }
	}
	return &collector{
		sources: sources,

		build: gauge("build_info", "Always 1; the label says which version runs.", "version"),

		bans:        gauge("bans_active", "Bans in force, by what they keep out of.", "scope"),
		banChanges:  counter("bans_changes_total", "Changes that the ban store has written to the disk; one may be of many bans."),
		banFailures: counter("bans_failures_total", "Changes that the disk refused: those bans were not made or not ended, and whoever asked was told."),

		cases:           gauge("cases_waiting", "Cases that wait for a person to judge them, by gravity.", "gravity"),
		oldestCase:      gauge("cases_oldest_seconds", "How long the oldest of them waits."),
		casesDropped:    counter("cases_reports_dropped_total", "Reports that opened no case: past a reporter's most of a day, or for want of room."),
		evidenceDropped: counter("cases_evidence_dropped_total", "What reports brought that was dropped before its case was judged, for want of memory."),

		forgottenKept: counter("retention_forgotten_total", "What was deleted because it was kept for long enough, by store.", "store"),
		unforgotten:   counter("retention_failures_total", "Times that a store could not delete what was kept for long enough; it is tried again every minute.", "store"),
		lastSweep:     gauge("retention_last_run_timestamp_seconds", "When that was tried last, in Unix time; 0: not yet."),
		dataRequests:  gauge("privacy_requests", "Requests for personal data, by state; those overdue are not among the open ones.", "state"),

		looked:        counter("stills_looked_total", "Stills of video chats that a program looked at."),
		found:         counter("stills_found_total", "Of those, what a rule was about, by its label.", "label"),
		lost:          counter("stills_lost_total", "Stills of which nothing was said, by reason.", "reason"),
		stillsWaiting: gauge("stills_waiting", "Stills that wait to be looked at."),

		calls:        counter("classifier_calls_total", "Calls of the classifier, by outcome.", "outcome"),
		callSeconds:  counter("classifier_seconds_total", "Seconds that answered calls took, their time in the queue included."),
		retried:      counter("classifier_retries_total", "Further tries of calls."),
		opened:       counter("classifier_rests_total", "Times that the classifier was left alone for its failures."),
		resting:      gauge("classifier_resting", "1 while it is."),
		inFlight:     gauge("classifier_in_flight", "Calls that the classifier has."),
		callsWaiting: gauge("classifier_waiting", "Calls in the queue."),
		passes:       counter("age_passes_total", "Challenges to show a proof of age, and what became of answers.", "outcome"),
		ageChecks:    counter("age_checks_total", "Questions to the age checker, by what became of them.", "outcome"),

		allocations:  gauge("turn_allocations", "Live allocations, by transport between client and relay.", "transport"),
		turnSessions: gauge("turn_sessions", "Sessions that may allocate."),
		turnPairs:    gauge("turn_pairs", "Pairs of sessions whose allocations may talk to each other."),
		draining:     gauge("turn_draining", "1 while the relay takes no new allocations."),
		packets:      counter("turn_packets_total", "Packets relayed, by transport of the client that sent.", "transport"),
		bytes:        counter("turn_bytes_total", "Bytes of application data relayed, by transport of the client that sent.", "transport"),
		drops:        counter("turn_drops_total", "Packets dropped, by transport and reason.", "transport", "reason"),
		auth:         counter("turn_auth_total", "Requests with credentials, by transport and whether they were good.", "transport", "result"),

		monthBytes: gauge("turn_traffic_month_bytes", "Bytes of application data relayed in this calendar month (UTC), the time before a restart included."),
		monthLimit: gauge("turn_traffic_month_limit_bytes", "turn.traffic_per_month: from so many bytes on no video chat begins until the month is over; 0 means no limit."),

		offload:   gauge("turn_offload_interfaces", "Network interfaces on which the kernel forwards for the relay; 0 means that it does not."),
		flows:     gauge("turn_offload_flows", "Flows that the kernel forwards, two a pair."),
		offloaded: counter("turn_offload_packets_total", "Packets of those flows, by what became of them; those not forwarded or dropped were left to the relay.", "outcome"),

		matchSessions: gauge("match_sessions", "Live sessions."),
		waiting:       gauge("match_waiting", "Sessions waiting for a partner."),
		pairs:         gauge("match_pairs", "Chats."),
		reports:       counter("match_reports_total", "Reports by visitors, by reason.", "reason"),
		refused:       counter("match_refused_total", "Messages of clients refused, by error code.", "code"),
		denied:        counter("match_denied_total", "Upgrades, sessions and searches of clients that were not admitted, by reason.", "reason"),
		challenges:    counter("match_challenges_total", "Challenges of work, by what became of them.", "outcome"),
		addresses:     gauge("match_addresses", "Client addresses whose limits are remembered."),
		unkept:        counter("match_reports_forgotten_total", "Reports that could not be kept for a day for want of room."),
		forgotten:     counter("match_addresses_forgotten_total", "Client addresses whose limits were forgotten for want of room."),

		visits:    counter("visits_total", "Visits: sessions that began."),
		systems:   counter("visits_os_total", "Visits, by operating system. This and the next ones move by five visits at once, and not with every visit.", "os"),
		browsers:  counter("visits_browser_total", "Visits, by browser.", "browser"),
		devices:   counter("visits_device_total", "Visits, by kind of device.", "device"),
		languages: counter("visits_language_total", "Visits, by the visitor's favourite language.", "language"),
		stays:     counter("visits_lasted_total", "Visits that ended, by how long they lasted.", "lasted"),
		chats:     counter("chats_connected_total", "Chats that connected: by text, both had a line delivered; by video, counted at their end, both sent sound or picture through the relay.", "mode"),

		paired:       counter("match_paired_total", "Chats that began, by mode.", "mode"),
		slow:         counter("match_slow_total", "Sessions that ended because their clients did not read what was sent to them."),
		asked:        counter("stills_asked_total", "Stills that browsers were asked for, by what became of them.", "outcome"),
		flowsRefused: counter("turn_offload_refused_total", "Flows that the kernel did not take, and that the relay forwards itself."),

		verdicts:      counter("match_filter_verdicts_total", "Texts that the filter judged, by verdict and reason.", "verdict", "reason"),
		mutes:         counter("match_filter_mutes_total", "Mutes for spam."),
		filterBans:    counter("match_filter_bans_total", "Bans for spam that the filter asked for."),
		filterDropped: counter("match_filter_bans_dropped_total", "Bans for spam that were not made because too many were under way."),
		fingerprints:  gauge("match_filter_fingerprints", "Fingerprints of texts, links and contacts that are remembered."),
		evicted:       counter("match_filter_evictions_total", "Fingerprints and strikes that were forgotten before their time because there were too many."),
	}
}

// Describe names every metric there will be.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, f := range []family{
		c.build, c.bans, c.banChanges, c.banFailures, c.cases, c.oldestCase, c.casesDropped, c.evidenceDropped, c.forgottenKept, c.unforgotten, c.lastSweep, c.dataRequests, c.passes, c.ageChecks,
		c.looked, c.found, c.lost, c.stillsWaiting, c.calls, c.callSeconds, c.retried, c.opened, c.resting, c.inFlight, c.callsWaiting,
		c.allocations, c.turnSessions, c.turnPairs, c.draining, c.monthBytes, c.monthLimit, c.packets, c.bytes, c.drops, c.auth,
		c.offload, c.flows, c.offloaded,
		c.matchSessions, c.waiting, c.pairs, c.reports, c.refused, c.denied, c.challenges, c.addresses, c.forgotten, c.unkept,
		c.verdicts, c.mutes, c.filterBans, c.filterDropped, c.fingerprints, c.evicted,
		c.visits, c.systems, c.browsers, c.devices, c.languages, c.stays, c.chats,
		c.paired, c.slow, c.asked, c.flowsRefused,
	} {
		to <- f.desc
	}
}

// Collect reads every source once.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.build.send(to, 1, c.sources.Version)

	bans := c.sources.Bans()
	sendAll(to, c.bans, bans.Active, c.sources.Scopes)
	c.banChanges.send(to, float64(bans.Changes))
	c.banFailures.send(to, float64(bans.Failures))

	cases := c.sources.Cases()
	sendAll(to, c.cases, cases.Waiting, c.sources.Gravities)
	c.oldestCase.send(to, float64(cases.Oldest))
	c.casesDropped.send(to, float64(cases.Dropped))
	c.evidenceDropped.send(to, float64(cases.EvidenceDropped))

	retention := c.sources.Retention()
	sendAll(to, c.forgottenKept, retention.Forgotten, c.sources.Stores)
	sendAll(to, c.unforgotten, retention.Failures, c.sources.Stores)
	c.lastSweep.send(to, retention.Last)
	sendAll(to, c.dataRequests, retention.Requests, c.sources.RequestStates)

	stills := c.sources.Stills()
	c.looked.send(to, float64(stills.Looked))
	sendAll(to, c.found, stills.Found, c.sources.StillLabels)
	sendAll(to, c.lost, stills.Lost, c.sources.StillLosses)
	c.stillsWaiting.send(to, float64(stills.Waiting))

	classifier := c.sources.Classifier()
	sendAll(to, c.calls, classifier.Calls, c.sources.ClassifierOutcomes)
	c.callSeconds.send(to, classifier.Seconds)
	c.retried.send(to, float64(classifier.Retried))
	c.opened.send(to, float64(classifier.Opened))
	c.resting.send(to, flag(classifier.Resting))
	c.inFlight.send(to, float64(classifier.InFlight))
	c.callsWaiting.send(to, float64(classifier.Waiting))
	age := c.sources.Age()
	sendAll(to, c.passes, age.Passes, c.sources.PassOutcomes)
	sendAll(to, c.ageChecks, age.Checks, c.sources.CheckOutcomes)

	visits := c.sources.Visits()
	c.visits.send(to, float64(visits.Visits))
	sendAll(to, c.systems, visits.Systems, c.sources.Systems)
	sendAll(to, c.browsers, visits.Browsers, c.sources.Browsers)
	sendAll(to, c.devices, visits.Devices, c.sources.Devices)
	sendAll(to, c.languages, visits.Languages, c.sources.Languages)
	sendAll(to, c.stays, visits.Stays, c.sources.Stays)
	sendAll(to, c.chats, visits.Chats, c.sources.Modes)

	relay := c.sources.Relay()
	c.turnSessions.send(to, float64(relay.Sessions))
	c.turnPairs.send(to, float64(relay.Pairs))
	c.draining.send(to, flag(relay.Draining))
	c.monthBytes.send(to, float64(relay.MonthBytes))
	c.monthLimit.send(to, float64(relay.MonthLimit))
	for _, transport := range c.sources.Transports { // the relay has no others
		t := relay.ByTransport[transport]
		c.allocations.send(to, float64(t.Allocations), transport)
		c.packets.send(to, float64(t.Packets), transport)
		c.bytes.send(to, float64(t.Bytes), transport)
		sendAll(to, c.drops, t.Drops, c.sources.DropReasons, transport)
		c.auth.send(to, float64(t.AuthOK), transport, "ok")
		c.auth.send(to, float64(t.AuthFailed), transport, "failed")
	}

	c.offload.send(to, float64(relay.Offload.Interfaces))
	c.flows.send(to, float64(relay.Offload.Flows))
	sendAll(to, c.offloaded, relay.Offload.Packets, c.sources.OffloadOutcomes)

	c.flowsRefused.send(to, float64(relay.Offload.Refused))

	match := c.sources.Match()
	c.matchSessions.send(to, float64(match.Sessions))
	c.waiting.send(to, float64(match.Waiting))
	c.pairs.send(to, float64(match.Pairs))
	sendAll(to, c.reports, match.Reports, c.sources.ReportReasons)
	sendAll(to, c.refused, match.Refused, c.sources.RefusedCodes)
	sendAll(to, c.denied, match.Denied, c.sources.Denials)
	sendAll(to, c.challenges, match.Challenges, c.sources.ChallengeOutcomes)
	c.addresses.send(to, float64(match.Addresses))
	c.forgotten.send(to, float64(match.Forgotten))
	c.unkept.send(to, float64(match.ReportsForgotten))

	sendAll(to, c.paired, match.Paired, c.sources.Modes)
	c.slow.send(to, float64(match.Slow))
	sendAll(to, c.asked, match.Stills, c.sources.StillOutcomes)

	for verdict, reasons := range c.sources.Verdicts {
		for _, reason := range reasons {
			c.verdicts.send(to, float64(match.Filter.Verdicts[verdict][reason]), verdict, reason)
		}
	}
	c.mutes.send(to, float64(match.Filter.Mutes))
	c.filterBans.send(to, float64(match.Filter.Bans))
	c.filterDropped.send(to, float64(match.Filter.BansDropped))
	c.fingerprints.send(to, float64(match.Filter.Fingerprints))
	c.evicted.send(to, float64(match.Filter.Evicted))
}

// flag is 1 for what is so.
func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (f family) send(to chan<- prometheus.Metric, value float64, label ...string) {
	to <- prometheus.MustNewConstMetric(f.desc, f.kind, value, label...)
}

// sendAll sends a sample for each of the known values of the last label, and one
// for all others together. The labels before it are given.
func sendAll[N int | uint64](to chan<- prometheus.Metric, f family, counts map[string]N, known []string, labels ...string) {
	var others N
	for value, n := range counts {
		if value == other || !slices.Contains(known, value) {
			others += n
		}
	}
	for _, value := range known {
		if value != other {
			f.send(to, float64(counts[value]), append(labels[:len(labels):len(labels)], value)...)
		}
	}
	f.send(to, float64(others), append(labels[:len(labels):len(labels)], other)...)
}
