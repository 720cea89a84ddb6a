package web

import (
	"html"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/web/prose"
)

// advice marks what is no claim about the software: how to reach somebody, what
// others may do, what the reader can do.
var advice = []string{}

// claims maps how each paragraph and list item of the privacy policy begins to the
// tests that prove it, as DIRECTORY NAME of a Go test or FILE: TITLE of one in a
// browser. Who changes what the page says looks at them again.
var claims = []struct {
	begins string
	proofs []string
}{
	{"This page says what the software behind", []string{"web TestContactsAndProcessors"}},
	{"There are no accounts. Nothing that you show", []string{"cmd/joingyd TestVisitLeavesNoTrace", "cmd/joingyd TestCaseIsJudged"}},
	{"There are no analytics, no advertising", []string{"requests.test.js: no request to a third party, and no cookie, in a whole visit", "web TestEmbeddedFilesKeepThePolicy"}},
	{"Nothing is loaded from other companies", []string{"requests.test.js: no request to a third party, and no cookie, in a whole visit", "web TestB2SecurityHeaders"}},

	{"These are held in the server’s memory only", []string{"cmd/joingyd TestVisitLeavesNoTrace", "cmd/joingyd TestO2Secrets"}},
	{"Your IP address, while your visit lasts", []string{"match TestP5Churn", "admin TestSessionsHideAddresses"}},
	{"Your IP address or household network, and how often", []string{"match TestAddressesExpire", "match TestAddressesAreBounded"}},
	{"Your interests, the languages that your browser prefers", []string{"match/pool TestParseLanguages", "match TestBlockWhileWaiting", "match TestP5Churn"}},
	{"The lines that you write and the technical messages", []string{"match TestOutboxForgetsWhatWasSaid", "match TestFreedBufferIsZeroed"}},
	{"The last 40 lines of a chat", []string{"match TestSaidIsBounded", "match TestReportTakesTheChatAlong", "match TestProofFitsOneLine", "chat.test.js: stop and report is one press"}},
	{"Fingerprints of the links and contacts", []string{"match/filter TestFingerprintsNeedTheKey", "match/filter TestFingerprintsAreBoundedAndForgotten"}},
	{"When a line of yours was rejected as spam", []string{"match/filter TestStrikesExpire", "match TestW5RepeatedSpamIsMutedThenBanned"}},
	{"How often the forms of this site", []string{"web TestPace"}},
	{"Reports, for a day", []string{"match TestReportLeadsToTheReported", "match TestReportOfWhoIsGone", "admin TestReports"}},
	{"A program looks through the lines", []string{"match TestTextsAreFiltered", "match TestInterestsAreFiltered", "cmd/joingyd TestVisitLeavesNoTrace"}},

	{"Not your IP address.", []string{"hidden.test.js: B3 over", "match TestSignallingPassesTheMask"}},

	{"They are encrypted between the two browsers", []string{"cmd/joingyd TestCall", "cmd/joingyd TestVisitLeavesNoTrace"}},
	{"No program looks at pictures", []string{"match TestShareOfPictures", "moderate/watch TestUnflaggedIsForgotten", "moderate/watch TestFlagged", "match TestLocalStills", "moderate/watch TestClaims", "local-still.test.js: a browser looks by itself"}},
	{"The keys are agreed through this site’s server", advice},

	{"Visitors say that they are 18", []string{"web TestWhatPagesSayOfAge", "match TestWhichSearchesNeedAPass", "match TestPassIsNoCrowds", "match TestPassLastsAsTheSession", "moderate/agepass TestIssueEndsOnAFullHour", "moderate/agepass TestPassesAreAlike", "moderate/agepass TestCheckerAsks", "cmd/joingyd TestProofOfAge", "age.test.js: an adult proves it once"}},

	{"Bans. For a banned address or household network", []string{"ban TestFileHoldsNoTraceOfAnAddress", "ban TestTaggerIsHMAC", "ban TestKeepAddress"}},
	{"With each ban: the reason", []string{"ban TestBanJSON", "admin TestHistory", "ban TestExpiry"}},
	{"Reports are judged by the operator’s people.", []string{"moderate TestReportsOfOneSessionMakeOneCase", "moderate TestSweep", "moderate TestDecide", "cmd/joingyd TestVisitLeavesNoTrace", "cmd/joingyd TestCaseIsJudged"}},
	{"What a report brings", []string{"moderate TestWhatEndsHeld", "moderate TestMemory", "moderate TestDecide", "moderate TestSweep", "cmd/joingyd TestEvidenceInMemory", "cmd/joingyd TestEvidenceIsSealed", "moderate/evidence TestNothingIsOnDiskInClear", "cmd/joingyd TestVisitLeavesNoTrace"}},
	{"Who reports:", []string{"moderate TestWeightOfReporters", "moderate TestSweep", "cmd/joingyd TestVisitLeavesNoTrace"}},
	{"Appeals, and what guardians write,", []string{"moderate TestAppeal", "moderate TestFileWithoutKinds", "cmd/joingyd TestAppealByForm", "cmd/joingyd TestGuardianByForm"}},
	{"What you ask about your data", []string{"privacy TestErasureWaits", "privacy TestMergeErasures", "privacy TestVisits", "admin TestErasureSurvivesEachStep", "cmd/joingyd TestDataByForm", "iplog TestEraseMarked"}},
	{"Who judged:", []string{"cmd/joingyd TestEvidenceInMemory", "moderate/audit TestLinesAreChained", "cmd/joingyd TestRetentionIsDocumented"}},
	{"What authorities asked for:", []string{"cmd/joingyd TestHold", "cmd/joingyd TestDisclose", "cmd/joingyd TestRetentionIsDocumented"}},
	{"Daily totals:", []string{"totals TestNoFigureIsOfOneVisit", "totals TestFileHasNoCombination", "totals TestKindOf", "match TestVisitsAreCounted", "cmd/joingyd TestVisitLeavesNoTrace", "cmd/joingyd TestO4Traces"}},
	{"Monthly totals:", []string{"cmd/joingyd TestTrafficPerMonth", "moderate TestMonthsAddUp", "moderate TestDecide", "moderate TestSweep", "cmd/joingyd TestCaseIsJudged"}},
	{"Over a restart of the server,", []string{"match TestWhatIsHandedOver", "match TestARecordOpensWithItsTokenOnly", "match TestWhatBringsNoSessionBack", "cmd/joingyd TestP4RestartWithPassedSockets"}},
	{"What may come of a report:", []string{"moderate TestQueueOrder", "admin TestDecisions", "cmd/joingyd TestCaseIsJudged", "chat.test.js: stop and report is one press"}},
	{"The software keeps no log", []string{"cmd/joingyd TestNoIPLog", "cmd/joingyd TestIPLog", "cmd/joingyd TestIPLogTurnedOff", "iplog TestRowsSayNothing", "iplog TestForget", "cmd/joingyd TestO4Traces", "cmd/joingyd TestVisitLeavesNoTrace", "cmd/joingyd TestAddressesInMessagesAreCut", "cmd/joingyd TestO2Secrets"}},

	{"Besides the operator:", []string{"web TestContactsAndProcessors"}},
	{"Whoever hosts this site or carries its traffic", advice},

	{"No cookie tells visitors apart", []string{"web TestNoCookie", "start.test.js: no cookie, no storage needed"}},
	{"What you set: interests", []string{"settings.test.js: a value is there for the next page", "settings.test.js: without a storage, the page itself remembers"}},
	{"The receipt of your visit,", []string{"privacy TestVisits", "cmd/joingyd TestDataByForm", "data.test.js: the form for data"}},
	{"The cookie joingyd_prefs:", []string{"theme.test.js: the theme is switched at once, and remembered by a cookie", "theme.test.js: another language is chosen from the menu", "web TestChoice"}},
	{"The cookie joingyd_node:", []string{"web TestNodeCookie", "web TestNoCookie"}},
	{"Files of this site:", []string{"pwa.test.js: the site can be installed"}},
	{"Clear this site’s data in your browser", advice},

	{"You can ask what this site holds about you", []string{"web TestPolicyOfTexts", "match TestConsentIsRequired", "web TestBuiltInLinks"}},
}

// Each claim of the privacy policy has a test that proves it, and each proof is
// there.
func TestPrivacyClaims(t *testing.T) {
	said := statements(t, must(builtInTexts()).builtIn["privacy"][defaultLanguage])
	known := provable(t)
	used := map[string]bool{}
	for _, statement := range said {
		proved := 0
		for _, claim := range claims {
			if strings.HasPrefix(statement, claim.begins) {
				used[claim.begins] = true
				proved++
			}
		}
		if proved != 1 {
			t.Errorf("%d entries of claims begin %.60q…, want one: what proves it?", proved, statement)
		}
	}
	for _, claim := range claims {
		if !used[claim.begins] {
			t.Errorf("the privacy policy says nothing that begins %q", claim.begins)
		}
		for _, proof := range claim.proofs {
			if !has(known, proof) {
				t.Errorf("%q: there is no test %q", claim.begins, proof)
			}
		}
	}
	if len(said) < 25 {
		t.Errorf("only %d statements found", len(said))
	}
}

// has reports whether a Go test has this name, or one in a browser begins so.
func has(known map[string]bool, proof string) bool {
	if !strings.Contains(proof, ": ") {
		return known[proof]
	}
	for name := range known {
		if strings.HasPrefix(name, proof) {
			return true
		}
	}
	return false
}

// statements returns the text of each paragraph and list item of a page.
func statements(t *testing.T, page *prose.Page) (list []string) {
	t.Helper()
	text := string(must(page.HTML(prose.Values{Site: "x", Contact: "y", Pictures: "No program looks at pictures", Age: "Visitors say that they are 18", Addresses: "The software keeps no log", Processors: "<hr>"})))
	for _, block := range regexp.MustCompile(`(?s)<(p|li)>(.*?)</(?:p|li)>`).FindAllStringSubmatch(text, -1) {
		list = append(list, html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(block[2], "")))
	}
	return list
}

// provable returns the names of all tests of the repository: "DIRECTORY TestName",
// "FILE: title".
func provable(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	root := os.DirFS("..")
	inGo, inBrowser := regexp.MustCompile(`(?m)^func (Test\w+)\(`), regexp.MustCompile("(?m)^\\s*test\\(['`](.*)$")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || len(entry.Name()) > 1 && entry.Name()[0] == '.'):
			return fs.SkipDir
		case strings.HasSuffix(name, "_test.go"):
			for _, m := range inGo.FindAllStringSubmatch(string(must(fs.ReadFile(root, name))), -1) {
				known[path.Dir(name)+" "+m[1]] = true
			}
		case strings.HasSuffix(name, ".test.js"):
			for _, m := range inBrowser.FindAllStringSubmatch(string(must(fs.ReadFile(root, name))), -1) {
				known[path.Base(name)+": "+m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(known) < 500 {
		t.Fatalf("only %d tests found", len(known))
	}
	return known
}
