package ncmec_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joingyd/joingyd/moderate/ncmec"
)

// fields returns which fields an error names, in order.
func fields(t *testing.T, err error) (names []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%v is not joined", err)
	}
	for _, err := range joined.Unwrap() {
		field := (*ncmec.FieldError)(nil)
		if !errors.As(err, &field) {
			t.Fatalf("%v names no field", err)
		}
		names = append(names, field.Field)
	}
	return names
}

func TestReportIsChecked(t *testing.T) {
	long := strings.Repeat("ü", 256)
	for _, test := range []struct {
		change func(*ncmec.Report)
		want   string // fields, then what the remedy says
		remedy string
	}{
		{func(r *ncmec.Report) {}, "", ""},
		{func(r *ncmec.Report) { r.IncidentSummary.IncidentType = "Nudity" }, "incidentSummary.incidentType", "choose one of"},
		{func(r *ncmec.Report) { r.IncidentSummary.Platform = long + "x" }, "incidentSummary.platform", "at most 256"},
		{func(r *ncmec.Report) { r.IncidentSummary.IncidentDateTime = time.Time{} }, "incidentSummary.incidentDateTime", "is missing"},
		{func(r *ncmec.Report) { r.IncidentSummary.IncidentDateTime = at.In(time.FixedZone("CET", 3600)) }, "incidentSummary.incidentDateTime", "Time.UTC"},
		{func(r *ncmec.Report) { r.InternetDetails = nil }, "internetDetails", "chatImIncident or"},
		{func(r *ncmec.Report) { r.InternetDetails[0].WebPageIncident = &ncmec.WebPageIncident{} },
			"internetDetails[0] internetDetails[0].webPageIncident.url", "make two"},
		{func(r *ncmec.Report) { r.InternetDetails[0].ChatIMIncident.ChatRoomName = long }, "internetDetails[0].chatImIncident.chatRoomName", "255"},
		{func(r *ncmec.Report) { r.PersonOrUserReported = nil }, "personOrUserReported.espIdentifier", "the session or report"},
		{func(r *ncmec.Report) { r.PersonOrUserReported.ESPIdentifier = "" }, "personOrUserReported.espIdentifier", "the session or report"},
		{func(r *ncmec.Report) { r.Reporter.ReportingPerson.Email = nil }, "reporter.reportingPerson.email", "is missing"},
		{func(r *ncmec.Report) { r.Reporter.ContactPerson.Email = []string{"Legal <legal@chat.example>"} }, "reporter.contactPerson.email", "abuse@example.org"},
		{func(r *ncmec.Report) { r.PersonOrUserReported.IPCaptureEvent[1].IPAddress = netip.Addr{} },
			"personOrUserReported.ipCaptureEvent[1].ipAddress", "leave the whole event out"},
		{func(r *ncmec.Report) {
			r.PersonOrUserReported.IPCaptureEvent[0].IPAddress = netip.MustParseAddr("::ffff:192.0.2.1")
		},
			"personOrUserReported.ipCaptureEvent[0].ipAddress", "Unmap"},
		{func(r *ncmec.Report) {
			r.IntendedRecipient[0].IPCaptureEvent[0] = ncmec.IPCaptureEvent{IPAddress: netip.MustParseAddr("fe80::1%eth0"), EventName: "Chat"}
		}, "intendedRecipient[0].ipCaptureEvent[0].ipAddress intendedRecipient[0].ipCaptureEvent[0].eventName intendedRecipient[0].ipCaptureEvent[0].dateTime", "zone"},
	} {
		report := chat()
		test.change(&report)
		_, err := ncmec.Marshal(report)
		if got := strings.Join(fields(t, err), " "); got != test.want || err != nil && !strings.Contains(err.Error(), test.remedy) {
			t.Errorf("Marshal names %q: %v; want %q and %q", got, err, test.want, test.remedy)
		}
	}
}

func TestFileDetailsAreChecked(t *testing.T) {
	for _, test := range []struct {
		change func(*ncmec.FileDetails)
		want   string
		remedy string
	}{
		{func(d *ncmec.FileDetails) {}, "", ""},
		{func(d *ncmec.FileDetails) { d.FileViewedByESP = nil }, "fileViewedByEsp", "say true if"},
		{func(d *ncmec.FileDetails) { d.IndustryClassification = "C1" }, "industryClassification", "choose one of"},
		{func(d *ncmec.FileDetails) { *d.UploadedToESPTimestamp = at.Local() }, "uploadedToEspTimestamp", "Time.UTC"},
		{func(d *ncmec.FileDetails) { d.OriginalFileHash[1] = ncmec.Hash{Value: "XYZ"} }, "originalFileHash[1].hashType originalFileHash[1]", "hexadecimal"},
		{func(d *ncmec.FileDetails) { d.IPCaptureEvent.DateTime = time.Time{} }, "ipCaptureEvent.dateTime", "say when"},
		{func(d *ncmec.FileDetails) { d.OriginalFileName = strings.Repeat("x", 2057) }, "originalFileName", "at most 2056"},
	} {
		details := still()
		test.change(&details)
		_, err := ncmec.MarshalFileDetails(details)
		if got := strings.Join(fields(t, err), " "); got != test.want || err != nil && !strings.Contains(err.Error(), test.remedy) {
			t.Errorf("MarshalFileDetails names %q: %v; want %q and %q", got, err, test.want, test.remedy)
		}
	}
}
