package mask

// A verdict on one attribute. The zero value refuses: a rule that forgets to
// decide lets nothing through.
type verdict int

const (
	refused verdict = iota
	dropped
	kept
)

// A rule reads the value of an attribute it knows and returns the value to
// write in its place.
type rule func(d *draft, value string) (string, verdict)

// sessionRules are the attributes that are known before the first m-line. A
// direction there is a default and moves into the media, see draft.media.
var sessionRules = map[string]rule{
	"group":              group,
	"msid-semantic":      constant(" WMS"),
	"extmap-allow-mixed": flag,
	"fingerprint":        fingerprint,
	"ice-options":        iceOptions,
	"ice-ufrag":          when(isUfrag),
	"ice-pwd":            when(isPwd),
	"setup":              setup,
	"sendrecv":           flag,
	"sendonly":           flag,
	"recvonly":           flag,
	"inactive":           flag,
}

// mediaRules are the attributes that are known below an m-line. Candidates and
// directions are met by draft.media first.
var mediaRules = map[string]rule{
	"mid":       when(isMid),
	"sendrecv":  flag,
	"sendonly":  flag,
	"recvonly":  flag,
	"inactive":  flag,
	"rtcp":      constant("9 IN IP4 " + neutral),
	"rtcp-mux":  flag,
	"rtcp-xr":   rtcpXR,
	"setup":     setup,
	"ptime":     when(isMilliseconds),
	"maxptime":  when(isMilliseconds),
	"msid":      msid,
	"ssrc":      ssrc,
	"rtpmap":    rtpmap,
	"fmtp":      fmtp,
	"rtcp-fb":   rtcpFB,
	"extmap":    extmap,
	"rid":       rid,
	"simulcast": simulcast,

	"rtcp-mux-only":      flag,
	"rtcp-rsize":         flag,
	"bundle-only":        flag,
	"end-of-candidates":  flag,
	"extmap-allow-mixed": flag,
	"ice-ufrag":          when(isUfrag),
	"ice-pwd":            when(isPwd),
	"ice-options":        iceOptions,
	"fingerprint":        fingerprint,
	"ssrc-group":         ssrcGroup,
	"candidate":          inlineCandidate,
}

// single names the attributes that may stand once in a section: with two of
// them, two parsers could disagree.
var single = map[string]string{
	"mid":       "mid",
	"ice-ufrag": "ice-ufrag",
	"ice-pwd":   "ice-pwd",
	"setup":     "setup",
	"sendrecv":  "direction",
	"sendonly":  "direction",
	"recvonly":  "direction",
	"inactive":  "direction",
	"simulcast": "simulcast",
}

// flag is the rule of an attribute that has no value.
func flag(_ *draft, value string) (string, verdict) {
	if value != "" {
		return "", refused
	}
	return "", kept
}

// constant is the rule of an attribute whose value is never copied.
func constant(value string) rule {
	return func(*draft, string) (string, verdict) { return value, kept }
}

// when is the rule of an attribute whose value is kept as it is if ok.
func when(ok func(string) bool) rule {
	return func(_ *draft, value string) (string, verdict) {
		if !ok(value) {
			return "", refused
		}
		return value, kept
	}
}

func isMilliseconds(s string) bool { return isNumber(s, 1, 9999) }
