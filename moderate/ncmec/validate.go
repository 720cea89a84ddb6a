package ncmec

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// FieldError says what is wrong with one field, and what to do.
type FieldError struct {
	Field string // as a path of elements: incidentSummary.incidentType
	Why   string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

// problems collects what is wrong.
type problems []error

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, &FieldError{field, fmt.Sprintf(format, args...)})
}

// short holds a documented limit, in characters; the schema itself has none.
func (p *problems) short(field, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		p.add(field, "has %d characters; NCMEC takes at most %d, so shorten it and put the rest into additionalInfo", n, most)
	}
}

func (p *problems) utc(field string, at time.Time) {
	switch {
	case at.IsZero():
		p.add(field, "is missing; say when it was")
	case at.Location() != time.UTC:
		p.add(field, "is in the time zone %s, not in UTC; convert it with Time.UTC", at.Location())
	}
}

// Validate returns what is wrong with a report: nil, or a [*FieldError] for each
// field, joined.
func (r Report) Validate() error {
	var p problems
	r.IncidentSummary.check(&p)
	if len(r.InternetDetails) == 0 {
		p.add("internetDetails", "is missing; say where it happened: chatImIncident or webPageIncident")
	}
	chat := false
	for i, d := range r.InternetDetails {
		d.check(fmt.Sprintf("internetDetails[%d]", i), &p)
		chat = chat || d.ChatIMIncident != nil
	}
	r.Reporter.check(&p)
	if chat && (r.PersonOrUserReported == nil || r.PersonOrUserReported.ESPIdentifier == "") {
		p.add("personOrUserReported.espIdentifier", "is missing; a chat incident needs the session or report that it is about")
	}
	if u := r.PersonOrUserReported; u != nil {
		checkUser("personOrUserReported", u.ESPIdentifier, u.ESPService, u.IPCaptureEvent, &p)
	}
	for i, u := range r.IntendedRecipient {
		checkUser(fmt.Sprintf("intendedRecipient[%d]", i), u.ESPIdentifier, u.ESPService, u.IPCaptureEvent, &p)
	}
	return errors.Join(p...)
}

func (s IncidentSummary) check(p *problems) {
	if !slices.Contains(IncidentTypes(), s.IncidentType) {
		p.add("incidentSummary.incidentType", "%q is not one of NCMEC's; choose one of %q", s.IncidentType, IncidentTypes())
	}
	p.short("incidentSummary.platform", s.Platform, 256)
	p.short("incidentSummary.escalateToHighPriority", s.EscalateToHighPriority, 3000)
	p.utc("incidentSummary.incidentDateTime", s.IncidentDateTime)
	p.short("incidentSummary.incidentDateTimeDescription", s.IncidentDateTimeDescription, 3000)
}

func (d InternetDetails) check(field string, p *problems) {
	if (d.WebPageIncident == nil) == (d.ChatIMIncident == nil) {
		p.add(field, "must be one of webPageIncident and chatImIncident; for two, make two internetDetails")
	}
	if page := d.WebPageIncident; page != nil && len(page.URL) == 0 {
		p.add(field+".webPageIncident.url", "is missing; say which page")
	}
	if chat := d.ChatIMIncident; chat != nil {
		p.short(field+".chatImIncident.chatClient", chat.ChatClient, 255)
		p.short(field+".chatImIncident.chatRoomName", chat.ChatRoomName, 255)
	}
}

func (r Reporter) check(p *problems) {
	if len(r.ReportingPerson.Email) == 0 {
		p.add("reporter.reportingPerson.email", "is missing; NCMEC must be able to reach who reports")
	}
	r.ReportingPerson.check("reporter.reportingPerson", p)
	if r.ContactPerson != nil {
		r.ContactPerson.check("reporter.contactPerson", p)
	}
	p.short("reporter.legalURL", r.LegalURL, 2083)
}

func (person Person) check(field string, p *problems) {
	p.short(field+".firstName", person.FirstName, 100)
	p.short(field+".lastName", person.LastName, 100)
	for _, phone := range person.Phone {
		p.short(field+".phone", phone, 50)
	}
	for _, email := range person.Email {
		p.short(field+".email", email, 255)
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			p.add(field+".email", "%q is no e-mail address; write it like abuse@example.org", email)
		}
	}
}

func checkUser(field, identifier, service string, events []IPCaptureEvent, p *problems) {
	p.short(field+".espIdentifier", identifier, 255)
	p.short(field+".espService", service, 100)
	for i, event := range events {
		event.check(fmt.Sprintf("%s.ipCaptureEvent[%d]", field, i), p)
	}
}

func (e IPCaptureEvent) check(field string, p *problems) {
	switch a := e.IPAddress; {
	case !a.IsValid() || a.IsUnspecified():
		p.add(field+".ipAddress", "is missing; leave the whole event out if the address is not known")
	case a.Is4In6():
		p.add(field+".ipAddress", "%s is an IPv4 address in IPv6 form; convert it with Addr.Unmap", a)
	case a.Zone() != "":
		p.add(field+".ipAddress", "%s has a zone; remove it with Addr.WithZone", a)
	}
	events := []EventName{"", Login, Registration, Purchase, Upload, Other, Unknown}
	if !slices.Contains(events, e.EventName) {
		p.add(field+".eventName", "%q is not one of NCMEC's; choose one of %q", e.EventName, events[1:])
	}
	p.utc(field+".dateTime", e.DateTime)
}

// Validate returns what is wrong with the details of a file, like
// [Report.Validate].
func (d FileDetails) Validate() error {
	var p problems
	p.short("originalFileName", d.OriginalFileName, 2056)
	if d.UploadedToESPTimestamp != nil {
		p.utc("uploadedToEspTimestamp", *d.UploadedToESPTimestamp)
	}
	p.short("locationOfFile", d.LocationOfFile, 2083)
	if d.FileViewedByESP == nil {
		p.add("fileViewedByEsp", "is missing; say true if a person of the site looked at the whole file, else false")
	}
	classes := []IndustryClassification{"", A1, A2, B1, B2}
	if !slices.Contains(classes, d.IndustryClassification) {
		p.add("industryClassification", "%q is not one of NCMEC's; choose one of %q, or leave it out", d.IndustryClassification, classes[1:])
	}
	for i, hash := range d.OriginalFileHash {
		hash.check(fmt.Sprintf("originalFileHash[%d]", i), &p)
	}
	if d.IPCaptureEvent != nil {
		d.IPCaptureEvent.check("ipCaptureEvent", &p)
	}
	return errors.Join(p...)
}

func (h Hash) check(field string, p *problems) {
	if h.HashType == "" {
		p.add(field+".hashType", "is missing; name the digest: MD5, SHA1, SHA256")
	}
	p.short(field+".hashType", h.HashType, 64)
	if h.Value == "" || strings.Trim(h.Value, "0123456789abcdef") != "" {
		p.add(field, "%q is no digest; write it in lower-case hexadecimal", h.Value)
	}
}
