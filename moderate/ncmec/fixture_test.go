package ncmec_test

import (
	"net/netip"
	"time"

	"github.com/joingyd/joingyd/moderate/ncmec"
)

var at = time.Date(2026, 11, 28, 20, 6, 39, 0, time.UTC)

func seen(address string) ncmec.IPCaptureEvent {
	return ncmec.IPCaptureEvent{IPAddress: netip.MustParseAddr(address), EventName: ncmec.Other, DateTime: at}
}

// chat is a report with all that a report of a chat can have.
func chat() ncmec.Report {
	reported := seen("203.0.113.7")
	reported.EventName, reported.PossibleProxy, reported.Port = ncmec.Login, new(false), 50123
	return ncmec.Report{
		IncidentSummary: ncmec.IncidentSummary{
			IncidentType: ncmec.OnlineEnticement, Platform: "chat.example",
			EscalateToHighPriority:      "The child says that they are about to meet.",
			ReportAnnotations:           &ncmec.ReportAnnotations{Sextortion: true, CSAMSolicitation: true},
			IncidentDateTime:            at,
			IncidentDateTimeDescription: "when the partner reported it",
		},
		InternetDetails: []ncmec.InternetDetails{{ChatIMIncident: &ncmec.ChatIMIncident{
			ChatClient: "joingyd", ChatRoomName: "pair k7m2x4q6",
			Content: "A: how old are you\nB: <13> & you?\x00", AdditionalInfo: "a random pair, by video",
		}}},
		Reporter: ncmec.Reporter{
			ReportingPerson: ncmec.Person{FirstName: "Alice", LastName: "Example", Phone: []string{"+49 30 1234"}, Email: []string{"abuse@chat.example"}},
			ContactPerson:   &ncmec.Person{LastName: "Legal", Email: []string{"legal@chat.example"}},
			CompanyTemplate: "Legal process by e-mail.", TermsOfService: "No minors.", LegalURL: "https://chat.example/law",
		},
		PersonOrUserReported: &ncmec.PersonOrUserReported{
			ESPIdentifier: "fvk7zq2m5xjd3thn6bwy4lcs2a", ESPService: "video chat",
			IPCaptureEvent: []ncmec.IPCaptureEvent{reported, seen("2001:db8::7")}, AdditionalInfo: "no account: sessions are anonymous",
		},
		IntendedRecipient: []ncmec.IntendedRecipient{{
			ESPIdentifier: "q3w5e7r2t4y6u3i5o7p2a4s6d5", IPCaptureEvent: []ncmec.IPCaptureEvent{seen("198.51.100.9")}, AdditionalInfo: "reported it",
		}},
		AdditionalInfo: "reviewed by a moderator",
	}
}

// page is a report with as little as a report may have.
func page() ncmec.Report {
	return ncmec.Report{
		IncidentSummary: ncmec.IncidentSummary{IncidentType: ncmec.ChildPornography, IncidentDateTime: at},
		InternetDetails: []ncmec.InternetDetails{{WebPageIncident: &ncmec.WebPageIncident{URL: []string{"https://chat.example/?a=1&b=2"}}}},
		Reporter:        ncmec.Reporter{ReportingPerson: ncmec.Person{Email: []string{"abuse@chat.example"}}},
	}
}

// still is the details of a picture with all that they can have.
func still() ncmec.FileDetails {
	event, uploaded := seen("203.0.113.7"), at
	event.EventName = ncmec.Upload
	return ncmec.FileDetails{
		OriginalFileName: "still.jpg", UploadedToESPTimestamp: &uploaded, LocationOfFile: "https://chat.example/",
		FileViewedByESP: new(true), EXIFViewedByESP: new(false), PubliclyAvailable: new(false),
		FileAnnotations:        &ncmec.FileAnnotations{PossibleSelfProduction: true, LiveStreaming: true},
		IndustryClassification: ncmec.B2,
		OriginalFileHash:       ncmec.Hashes([]byte("abc")),
		IPCaptureEvent:         &event,
		AdditionalInfo:         []string{"taken by the partner's browser", "from the video"},
	}
}
