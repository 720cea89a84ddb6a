package match_test

import (
	"fmt"
	"net/http"
	"testing"
)

// Trial W3: foreign, absent and look-alike origins of http://site.test.
func TestW3Origin(t *testing.T) {
	own := []string{
		"http://site.test", "https://site.test", "https://SITE.test", "http://Site.Test",
		"https://other.test", // that the operator lists
	}
	foreign := []string{
		// Others.
		"http://evil.test", "https://evil.test", "http://127.0.0.1", "http://[::1]", "http://localhost",
		// Suffixes and prefixes.
		"http://site.test.evil.test", "http://evilsite.test", "http://evil-site.test", "http://evil.site.test", "http://www.site.test",
		"http://site.tes", "http://site.testing", "http://ite.test", "http://sitetest", "http://site.test.com", "http://test",
		"https://other.test.evil", "https://not-other.test", "https://www.other.test",
		// Ports.
		"http://site.test:81", "https://site.test:8443", "http://site.test:0", "http://site.test:", "http://site.test:80x",
		"http://site.test:80", "https://site.test:443", // browsers leave the default out
		"https://other.test:444", "https://other.test:443",
		// Schemes.
		"http://other.test", "ws://site.test", "wss://site.test", "ftp://site.test", "file://site.test", "file://", "data://site.test",
		"chrome-extension://site.test", "moz-extension://site.test", "javascript://site.test", "HTTP://site.test", "https:site.test",
		"//site.test", "site.test", "http:/site.test", "http:///site.test", "http:\\\\site.test", "HTTPS://other.test",
		// Users, paths and the like.
		"http://site.test@evil.test", "http://site.test:80@evil.test", "http://user@site.test", "http://:@site.test", "http://@site.test",
		"http://evil.test/site.test", "http://site.test/", "http://site.test/path", "http://site.test?x", "http://site.test#x",
		"http://evil.test#site.test", "http://evil.test?site.test", "http://evil.test\\@site.test", "http://evil.test\\.site.test",
		"http://evil.test;site.test", "http://site.test;evil.test", "http://evil.test,http://site.test",
		"https://other.test/", "https://other.test/path",
		// Opaque, empty and several in one.
		"null", "NULL", "*", "undefined", " ", "http://", "https://",
		"http://site.test http://site.test", "http://site.test http://evil.test", "http://site.test, http://evil.test", "null http://site.test",
		"http://site.test\thttp://evil.test", "http://site.test null",
		// Names that look the same.
		"http://site.test.", "http://.site.test", "http://site..test", "http://site.test..", "http://xn--ste-rma.test", "http://sіte.test",
		"http://ѕite.test", "http://site。test", "http://ｓｉｔｅ.test", "http://site.te\u017ft", "http://site\u00ad.test", "http://site\u200b.test",
		"http://xn--site.test", "http://s\u0131te.test", "http://\u017fite.test", "http://site.tes\u212a",
		"http://%73ite.test", "http://site%2etest", "http://site.test%00", "http://site.test%2eevil.test", "http://site_test",
	}
	run(t, func(t *testing.T, f *fixture) {
		asked := 0
		status := func(origins ...string) int {
			asked++
			header := http.Header{}
			if origins != nil {
				header["Origin"] = origins
			}
			c, response, err := f.connect(fmt.Sprintf("198.51.100.%d", asked%250), header)
			if err != nil && response == nil {
				t.Fatalf("Origin %q: %v", origins, err)
			}
			if c != nil {
				c.conn.CloseNow()
			}
			return response.StatusCode
		}
		for _, origin := range own {
			if got := status(origin); got != http.StatusSwitchingProtocols {
				t.Errorf("Origin %q: %d", origin, got)
			}
		}
		refused, of := 0, 0
		forbidden := func(origins ...string) {
			of++
			if got := status(origins...); got == http.StatusForbidden {
				refused++
			} else {
				t.Errorf("Origin %q: %d", origins, got)
			}
		}
		for _, origin := range foreign {
			forbidden(origin)
		}
		forbidden() // absent
		forbidden("")
		forbidden("http://site.test", "http://evil.test")
		forbidden("http://evil.test", "http://site.test")
		forbidden("http://site.test", "http://site.test")
		forbidden("https://other.test", "")
		t.Logf("figure: %d/%d refused, %d/%d of our own let in", refused, of, len(own), len(own))
		f.denied(map[string]uint64{"origin": uint64(of)})
	})
}
