package totals

import (
	"net/http"
	"slices"
	"strings"
)

// Kind is what is kept of a visitor's browser until the visit is counted: places in the
// closed sets, a byte each.
type Kind uint32

// System returns one of Systems.
func (k Kind) System() string { return systems[k>>16&0xff] }

// Browser returns one of Browsers.
func (k Kind) Browser() string { return browsers[k>>8&0xff] }

// Device returns one of Devices.
func (k Kind) Device() string { return devices[k&0xff] }

// maxAgent bounds what is looked at of a User-Agent, in bytes. Real ones have under 300.
const maxAgent = 512

// KindOf reduces the headers of a request: User-Agent, and the two client hints that
// browsers send unasked and that say the same (Sec-CH-UA-Platform, Sec-CH-UA-Mobile). It
// looks for the words by which browsers are told apart, the more special first: each
// names those whose pages it wants to get. An iPad that asks for desktop pages says that it
// is a Mac.
func KindOf(h http.Header) Kind {
	agent := h.Get("User-Agent")
	agent = agent[:min(len(agent), maxAgent)]
	system, browser := systemOf(agent, h.Get("Sec-CH-UA-Platform")), browserOf(agent)
	device := deviceOf(system, agent, h.Get("Sec-CH-UA-Mobile"))
	return Kind(slices.Index(systems, system)<<16 | slices.Index(browsers, browser)<<8 | slices.Index(devices, device))
}

// word is what a value is known by. The first of a list that is there decides.
type word struct{ in, means string }

func firstOf(words []word, text string) string {
	for _, w := range words {
		if strings.Contains(text, w.in) {
			return w.means
		}
	}
	return Other
}

var systemWords = []word{
	{"Windows Phone", Other}, {"Tizen", Other}, {"Web0S", Other}, {"SmartTV", Other}, {"SMART-TV", Other}, {"PlayStation", Other}, {"Xbox", Other}, {"KAIOS", Other},
	{"iPhone", "ios"}, {"iPad", "ios"}, {"iPod", "ios"},
	{"Android", "android"}, {"CrOS", "chromeos"}, {"Windows NT", "windows"}, {"Macintosh", "macos"}, {"Linux", "linux"}, {"X11", "linux"},
}

var platforms = map[string]string{
	`"Windows"`: "windows", `"macOS"`: "macos", `"Linux"`: "linux", `"Android"`: "android", `"iOS"`: "ios", `"Chrome OS"`: "chromeos", `"Chromium OS"`: "chromeos",
}

func systemOf(agent, platform string) string {
	if system, known := platforms[platform]; known {
		return system
	}
	return firstOf(systemWords, agent)
}

// browserWords has the forks of Chromium and the browsers inside of apps before what they
// pretend to be.
var browserWords = []word{
	{"Edg/", "edge"}, {"EdgA/", "edge"}, {"EdgiOS/", "edge"}, {"Edge/", "edge"},
	{"OPR/", "opera"}, {"OPT/", "opera"}, {"OPiOS/", "opera"}, {"OPX/", "opera"}, {"Opera", "opera"},
	{"SamsungBrowser/", "samsung"},
	{"; wv)", Other}, {"FBAN/", Other}, {"FBAV/", Other}, {"Instagram", Other}, {"GSA/", Other}, {"YaBrowser/", Other}, {"Vivaldi/", Other},
	{"UCBrowser/", Other}, {"DuckDuckGo/", Other}, {"Ddg/", Other}, {"Silk/", Other}, {"MiuiBrowser/", Other}, {"HuaweiBrowser/", Other},
	{"SeaMonkey/", Other}, {"PaleMoon/", Other}, {"HeadlessChrome/", Other},
	{"FxiOS/", "firefox"}, {"Firefox/", "firefox"}, {"CriOS/", "chrome"}, {"Chrome/", "chrome"}, {"Chromium/", "chrome"},
}

func browserOf(agent string) string {
	browser := firstOf(browserWords, agent)
	if browser == Other && strings.Contains(agent, "Version/") && strings.Contains(agent, "Safari/") && !strings.Contains(agent, "Android") &&
		strings.Contains(agent, "AppleWebKit/") && !strings.Contains(agent, "Ddg/") && !strings.Contains(agent, "DuckDuckGo/") {
		return "safari"
	}
	return browser
}

func deviceOf(system, agent, mobile string) string {
	switch system {
	case "windows", "macos", "linux", "chromeos":
		return "desktop"
	case "ios":
		if strings.Contains(agent, "iPad") {
			return "tablet"
		}
		return "phone"
	case "android":
		if mobile == "?1" || strings.Contains(agent, "Mobile") {
			return "phone"
		}
		return "tablet"
	}
	return Other
}
