package ncmec

import (
	"net/netip"
	"time"
)

// IncidentType says what is reported, in NCMEC's words.
type IncidentType string

// The incident types that the schema knows.
const (
	ChildPornography   IncidentType = "Child Pornography (possession, manufacture, and distribution)"
	SexTrafficking     IncidentType = "Child Sex Trafficking"
	SexTourism         IncidentType = "Child Sex Tourism"
	SexualMolestation  IncidentType = "Child Sexual Molestation"
	MisleadingDomain   IncidentType = "Misleading Domain Name"
	MisleadingWords    IncidentType = "Misleading Words or Digital Images on the Internet"
	OnlineEnticement   IncidentType = "Online Enticement of Children for Sexual Acts"
	UnsolicitedObscene IncidentType = "Unsolicited Obscene Material Sent to a Child"
)

// IncidentTypes returns every incident type.
func IncidentTypes() []IncidentType {
	return []IncidentType{
		ChildPornography, SexTrafficking, SexTourism, SexualMolestation,
		MisleadingDomain, MisleadingWords, OnlineEnticement, UnsolicitedObscene,
	}
}

// Report is one report: what submit takes. The fields stand in the order of the
// elements.
type Report struct {
	IncidentSummary IncidentSummary   `xml:"incidentSummary"`
	InternetDetails []InternetDetails `xml:"internetDetails"` // at least one
	Reporter        Reporter          `xml:"reporter"`

	PersonOrUserReported *PersonOrUserReported `xml:"personOrUserReported"`
	IntendedRecipient    []IntendedRecipient   `xml:"intendedRecipient"`

	AdditionalInfo string `xml:"additionalInfo,omitempty"`
}

// IncidentSummary is what happened and when.
type IncidentSummary struct {
	IncidentType IncidentType `xml:"incidentType"`
	Platform     string       `xml:"platform,omitempty"` // the name of the site; at most 256 characters

	// EscalateToHighPriority is why a child is in danger right now; empty if none
	// is. At most 3,000 characters.
	EscalateToHighPriority string `xml:"escalateToHighPriority,omitempty"`

	ReportAnnotations *ReportAnnotations `xml:"reportAnnotations"`

	IncidentDateTime            time.Time `xml:"incidentDateTime"` // UTC
	IncidentDateTimeDescription string    `xml:"incidentDateTimeDescription,omitempty"`
}

// ReportAnnotations are tags on a report. What is false is not written: it claims
// nothing.
type ReportAnnotations struct {
	Sextortion                 bool `xml:"sextortion,omitempty"`
	CSAMSolicitation           bool `xml:"csamSolicitation,omitempty"`
	MinorToMinorInteraction    bool `xml:"minorToMinorInteraction,omitempty"`
	Spam                       bool `xml:"spam,omitempty"`
	SadisticOnlineExploitation bool `xml:"sadisticOnlineExploitation,omitempty"`
}

// InternetDetails is where it happened: exactly one of the two.
type InternetDetails struct {
	WebPageIncident *WebPageIncident `xml:"webPageIncident"`
	ChatIMIncident  *ChatIMIncident  `xml:"chatImIncident"`
}

// WebPageIncident is an incident on a page.
type WebPageIncident struct {
	URL            []string `xml:"url"`
	AdditionalInfo string   `xml:"additionalInfo,omitempty"`
}

// ChatIMIncident is an incident in a chat. Its report must say by
// PersonOrUserReported.ESPIdentifier whom it is about.
type ChatIMIncident struct {
	ChatClient     string `xml:"chatClient,omitempty"`   // at most 255 characters
	ChatRoomName   string `xml:"chatRoomName,omitempty"` // the pair; at most 255 characters
	Content        string `xml:"content,omitempty"`      // the lines of the chat
	AdditionalInfo string `xml:"additionalInfo,omitempty"`
}

// Reporter is the company, or whoever runs the site.
type Reporter struct {
	ReportingPerson Person  `xml:"reportingPerson"` // with at least one e-mail address
	ContactPerson   *Person `xml:"contactPerson"`   // for law enforcement, if it is another

	CompanyTemplate string `xml:"companyTemplate,omitempty"` // of the company, not of this incident: how to serve legal process
	TermsOfService  string `xml:"termsOfService,omitempty"`
	LegalURL        string `xml:"legalURL,omitempty"` // at most 2,083 characters
}

// Person is somebody who can be reached.
type Person struct {
	FirstName string   `xml:"firstName,omitempty"` // at most 100 characters
	LastName  string   `xml:"lastName,omitempty"`  // at most 100 characters
	Phone     []string `xml:"phone"`               // each at most 50 characters
	Email     []string `xml:"email"`               // each at most 255 characters
}

// PersonOrUserReported is the visitor whom the report is about.
type PersonOrUserReported struct {
	ESPIdentifier  string           `xml:"espIdentifier,omitempty"` // what the site knows the visitor by: the session or report; at most 255 characters
	ESPService     string           `xml:"espService,omitempty"`    // at most 100 characters
	IPCaptureEvent []IPCaptureEvent `xml:"ipCaptureEvent"`
	AdditionalInfo string           `xml:"additionalInfo,omitempty"`
}

// IntendedRecipient is a visitor to whom it was shown or sent.
type IntendedRecipient struct {
	ESPIdentifier  string           `xml:"espIdentifier,omitempty"` // at most 255 characters
	ESPService     string           `xml:"espService,omitempty"`    // at most 100 characters
	IPCaptureEvent []IPCaptureEvent `xml:"ipCaptureEvent"`
	AdditionalInfo string           `xml:"additionalInfo,omitempty"`
}

// EventName says what an address was seen doing.
type EventName string

// The events that the schema knows.
const (
	Login        EventName = "Login"
	Registration EventName = "Registration"
	Purchase     EventName = "Purchase"
	Upload       EventName = "Upload"
	Other        EventName = "Other"
	Unknown      EventName = "Unknown"
)

// IPCaptureEvent is an address, and when it was seen. The schema would do without
// the time; this package does not, since a provider cannot say whose an address
// was without it, nor often without the port.
type IPCaptureEvent struct {
	IPAddress     netip.Addr `xml:"ipAddress"` // unmapped, without a zone
	EventName     EventName  `xml:"eventName,omitempty"`
	DateTime      time.Time  `xml:"dateTime"`      // UTC
	PossibleProxy *bool      `xml:"possibleProxy"` // nil if nobody knows
	Port          uint16     `xml:"port,omitempty"`
}
