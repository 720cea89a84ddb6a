package totals

import "slices"

// Other is the value of each set for what is none of the others.
const Other = "other"

// The closed sets, with Other last. Kind has the places in the first three.
var (
	systems  = []string{"windows", "macos", "linux", "android", "ios", "chromeos", Other}
	browsers = []string{"chrome", "edge", "firefox", "safari", "samsung", "opera", Other}
	devices  = []string{"desktop", "phone", "tablet", Other}

	languages = []string{
		"ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it",
		"ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "th", "tr", "uk", "ur",
		"vi", "zh", Other,
	}

	modes = []string{"video", "text"}
)

// Systems, Browsers, Devices, Languages, Stays and Modes list every value that Day counts by.
func Systems() []string { return slices.Clone(systems) }

// Browsers: see Systems.
func Browsers() []string { return slices.Clone(browsers) }

// Devices: see Systems.
func Devices() []string { return slices.Clone(devices) }

// Languages: see Systems.
func Languages() []string { return slices.Clone(languages) }

// Modes: see Systems.
func Modes() []string { return slices.Clone(modes) }

// Stays: see Systems.
func Stays() (names []string) {
	for _, s := range stays {
		names = append(names, s.name)
	}
	return names
}

// languageOf returns the set's word for a language's primary subtag.
func languageOf(tag string) string {
	switch tag {
	case "nb", "nn":
		return "no"
	}
	if slices.Contains(languages, tag) {
		return tag
	}
	return Other
}
