package metrics

import "github.com/prometheus/client_golang/prometheus"

// Kept is what is written down for others to look at later. What is a uint64 counts since
// the start.
type Kept struct {
	AuditEntries  uint64 // number of the last one: not since the start
	AuditFailures uint64 // entries that the disk refused
	AuditDamaged  bool   // its end did not verify at the start

	EvidenceFiles, EvidenceHeld  int   // files; cases on hold
	EvidenceBytes, EvidenceLimit int64 // sealed

	IPLogWaiting              int    // events for the disk
	IPLogDropped, IPLogFailed uint64 // events: no room in the queue; could not be written
	TotalsUnsaved             int    // days of figures that the disk did not take
	LegalHolds                int
	LegalHoldEnds, RequestDue float64 // the first, in Unix time; 0: none
	Disclosures               map[string]int
}

func keptPart(sources Sources) part {
	entries := gauge("audit_entries", "Number of the audit log's last entry.")
	refused := counter("audit_failures_total", "Entries that the disk refused: what they were to tell of was not done.")
	damaged := gauge("audit_damaged", "1 if the end of the audit log did not verify when the daemon started.")
	files := gauge("evidence_files", "Sealed files of evidence.")
	bytes := gauge("evidence_bytes", "Their size.")
	limit := gauge("evidence_limit_bytes", "How much there may be; past it reports bring nothing along.")
	held := gauge("evidence_held_cases", "Cases whose evidence is held.")
	waiting := gauge("iplog_waiting", "Events that wait to be written into the IP log.")
	dropped := counter("iplog_dropped_total", "Events that were dropped because too many waited.")
	lost := counter("iplog_failures_total", "Events that could not be written.")
	unsaved := gauge("totals_unsaved", "Days of figures that the disk did not take yet, today apart.")
	holds := gauge("legal_holds", "Legal holds in force.")
	ends := gauge("legal_holds_next_end_timestamp_seconds", "When the first of them ends, in Unix time; 0: there is none.")
	due := gauge("privacy_requests_next_due_timestamp_seconds", "When the first open request for personal data is due, in Unix time; 0: there is none.")
	disclosures := gauge("disclosures", "Disclosures to authorities, by state.", "state")
	kept := orZero(sources.Kept)
	families := []family{entries, refused, damaged, files, bytes, limit, held, waiting, dropped, lost, unsaved, holds, ends, due, disclosures}
	return part{families, func(to chan<- prometheus.Metric) {
		k := kept()
		entries.send(to, float64(k.AuditEntries))
		refused.send(to, float64(k.AuditFailures))
		damaged.send(to, flag(k.AuditDamaged))
		files.send(to, float64(k.EvidenceFiles))
		bytes.send(to, float64(k.EvidenceBytes))
		limit.send(to, float64(k.EvidenceLimit))
		held.send(to, float64(k.EvidenceHeld))
		waiting.send(to, float64(k.IPLogWaiting))
		dropped.send(to, float64(k.IPLogDropped))
		lost.send(to, float64(k.IPLogFailed))
		unsaved.send(to, float64(k.TotalsUnsaved))
		holds.send(to, float64(k.LegalHolds))
		ends.send(to, k.LegalHoldEnds)
		due.send(to, k.RequestDue)
		sendAll(to, disclosures, k.Disclosures, sources.DisclosureStates)
	}}
}
