package ncmec_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/moderate/ncmec"
)

var update = flag.Bool("update", false, "write the golden files anew; then check them by hand")

// documents are what is written, by golden file.
func documents(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, marshal := range map[string]func() ([]byte, error){
		"report-chat.xml":  func() ([]byte, error) { return ncmec.Marshal(chat()) },
		"report-page.xml":  func() ([]byte, error) { return ncmec.Marshal(page()) },
		"file-details.xml": func() ([]byte, error) { return ncmec.MarshalFileDetails(still()) },
		"file-details-min.xml": func() ([]byte, error) {
			return ncmec.MarshalFileDetails(ncmec.FileDetails{FileViewedByESP: new(false)})
		},
	} {
		text, err := marshal()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = text
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, got := range documents(t) {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s (%v) is\n%s", name, err, got)
		}
	}
}

// order is the children of each element, as the API documentation and the schema
// have them: https://report.cybertip.org/ispws/documentation/, and
// https://report.cybertip.org/ispws/xsd as of November 2025, kept in
// github.com/Boostport/ncmec-go, cybertipline/generate. An element without an entry
// has text.
var order = map[string][]string{
	"report": {"batchedReport", "incidentSummary", "internetDetails", "lawEnforcement", "reporter", "personOrUserReported",
		"intendedRecipient", "victim", "additionalInfo"},
	"incidentSummary":   {"incidentType", "platform", "escalateToHighPriority", "reportAnnotations", "incidentDateTime", "incidentDateTimeDescription"},
	"reportAnnotations": {"sextortion", "csamSolicitation", "minorToMinorInteraction", "spam", "sadisticOnlineExploitation"},
	"internetDetails": {"webPageIncident", "emailIncident", "newsgroupIncident", "chatImIncident", "onlineGamingIncident",
		"cellPhoneIncident", "nonInternetIncident", "peer2peerIncident"},
	"webPageIncident": {"url", "additionalInfo"},
	"chatImIncident":  {"chatClient", "chatRoomName", "content", "additionalInfo"},
	"reporter":        {"reportingPerson", "contactPerson", "companyTemplate", "termsOfService", "legalURL"},
	"reportingPerson": {"firstName", "lastName", "phone", "email", "address", "age", "dateOfBirth"},
	"contactPerson":   {"firstName", "lastName", "phone", "email", "address"},
	"personOrUserReported": {"personOrUserReportedPerson", "vehicleDescription", "espIdentifier", "espService", "compromisedAccount",
		"screenName", "displayName", "profileUrl", "profileBio", "ipCaptureEvent", "deviceId", "thirdPartyUserReported", "priorCTReports",
		"groupIdentifier", "accountTemporarilyDisabled", "accountPermanentlyDisabled", "estimatedLocation", "allEmailsReported",
		"associatedAccount", "additionalInfo"},
	"intendedRecipient": {"intendedRecipientPerson", "espIdentifier", "espService", "compromisedAccount", "screenName", "displayName",
		"profileUrl", "profileBio", "ipCaptureEvent", "deviceId", "priorCTReports", "groupIdentifier", "accountTemporarilyDisabled",
		"accountPermanentlyDisabled", "estimatedLocation", "allEmailsReported", "additionalInfo"},
	"ipCaptureEvent": {"ipAddress", "eventName", "dateTime", "possibleProxy", "port"},
	"fileDetails": {"reportId", "fileId", "fileName", "originalFileName", "uploadedToEspTimestamp", "locationOfFile", "fileViewedByEsp",
		"exifViewedByEsp", "publiclyAvailable", "fileRelevance", "potentialMeme", "fileAnnotations", "industryClassification",
		"originalFileHash", "ipCaptureEvent", "deviceId", "details", "additionalInfo"},
	"fileAnnotations": {"animeDrawingVirtualHentai", "potentialMeme", "viral", "possibleSelfProduction", "physicalHarm", "violenceGore",
		"bestiality", "liveStreaming", "infant", "generativeAi"},
}

func TestElementsStandInTheDocumentedOrder(t *testing.T) {
	seen := map[string]bool{}
	for name, text := range documents(t) {
		type open struct {
			name string
			last int // place of the last child
		}
		path := []open{}
		for decoder := xml.NewDecoder(bytes.NewReader(text)); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if len(path) > 0 {
					parent := &path[len(path)-1]
					place := slices.Index(order[parent.name], token.Name.Local)
					if place < parent.last {
						t.Errorf("%s: %s stands in %s at a wrong place or should not be there", name, token.Name.Local, parent.name)
					}
					parent.last = place
				}
				seen[token.Name.Local] = true
				path = append(path, open{name: token.Name.Local})
			case xml.EndElement:
				path = path[:len(path)-1]
			}
		}
	}
	for name := range order {
		if !seen[name] {
			t.Errorf("no document has %s", name)
		}
	}
}

// TestSchema needs xmllint (Debian: libxml2-utils) and, in NCMEC_XSD, the name of a
// file with NCMEC's schema, which is to be had from /ispws/xsd with an account.
func TestSchema(t *testing.T) {
	schema := os.Getenv("NCMEC_XSD")
	if schema == "" {
		t.Skip("NCMEC_XSD names no schema")
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not there")
	}
	for name, text := range documents(t) {
		numbered := strings.NewReplacer(">REPORT_ID<", ">4564654<", ">FILE_ID<", ">b0754af766b426f2928c8eac4ff2d3a4<").Replace(string(text))
		command := exec.CommandContext(t.Context(), lint, "--nonet", "--noout", "--schema", schema, "-")
		command.Stdin = strings.NewReader(numbered)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
