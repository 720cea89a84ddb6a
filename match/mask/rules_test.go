package mask_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
)

// TestAttributes holds what becomes of one line below the m-line: want "" is
// dropped, "!" is refused.
func TestAttributes(t *testing.T) {
	for line, want := range map[string]string{
		"a=rtpmap:111 opus/48000/2":               "=",
		"a=rtpmap:9 G722/8000/1":                  "=",
		"a=rtpmap:111 opus":                       "!",
		"a=rtpmap:111 203.0.113.7/8000":           "!",
		"a=fmtp:63 111/111":                       "=",
		"a=fmtp:101 0-15":                         "=",
		"a=fmtp:101 0-15,66":                      "=",
		"a=fmtp:111 minptime=10; useinbandfec=1;": "a=fmtp:111 minptime=10;useinbandfec=1",
		"a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f": "=",
		"a=fmtp:96 sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==":                             "=",
		"a=fmtp:111 channel_mapping=0,4,1,2,3,5;coupled_streams=2;num_streams=4":           "=",
		"a=fmtp:111 203.0.113.7":   "!",
		"a=fmtp:111 x=203.0.113.7": "!",
		"a=fmtp:111 x=2001:db8::1": "!",
		"a=fmtp:203.0.113.7 x=1":   "!",
		"a=fmtp:111":               "!",
		"a=rtcp-fb:96 nack pli":    "=",
		"a=rtcp-fb:* ack ccfb":     "=",
		"a=rtcp-fb:96 203.0.113.7": "",
		"a=rtcp-fb:x nack":         "!",
		"a=rtcp-xr:rcvr-rtt=all":   "=",
		"a=rtcp-xr:203.0.113.7":    "",
		"a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:toffset x": "a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:toffset",
		"a=extmap:2 http://203.0.113.7/":                           "",
		"a=extmap:0 urn:3gpp:video-orientation":                    "!",
		"a=extmap:2/both urn:3gpp:video-orientation":               "!",
		"a=rid:h send pt=96,97;max-width=1280":                     "=",
		"a=rid:h send":                                             "=",
		"a=rid:h send x=203.0.113.7":                               "!",
		"a=rid:203.0.113.7 send":                                   "!",
		"a=simulcast:send h;m,~l recv a":                           "=",
		"a=simulcast:send 203.0.113.7":                             "!",
		"a=msid:- x":                                               "a=msid:- j-",
		"a=msid:203.0.113.7 2001:db8::1":                           "a=msid:j-",
		"a=ssrc:1 cname:203.0.113.7":                               "a=ssrc:1 cname:j-",
		"a=ssrc:1 msid:203.0.113.7 x":                              "",
		"a=ssrc:203.0.113.7 cname:x":                               "!",
		"a=ssrc-group:FID 1 2":                                     "=",
		"a=ssrc-group:XYZ 1 2":                                     "",
		"a=ssrc-group:FID 203.0.113.7":                             "!",
		"a=ice-options:trickle 203.0.113.7 ice2":                   "a=ice-options:trickle ice2",
		"a=ice-options:203.0.113.7":                                "",
		"a=setup:holdconn":                                         "!",
		"a=ptime:20":                                               "=",
		"a=ptime:203.0.113.7":                                      "!",
		"a=rtcp:5000 IN IP6 2001:db8::1":                           "a=rtcp:9 IN IP4 0.0.0.0",
		"b=TIAS:64000":                                             "=",
		"b=CT:5":                                                   "",
		"b=AS:203.0.113.7":                                         "!",
		"i=203.0.113.7":                                            "",
		"k=clear:203.0.113.7":                                      "",
		"a=remote-candidates:1 203.0.113.7 5000":                   "",
		"a=crypto:1 X inline:203.0.113.7":                          "",
		"a=ice-lite":                                               "",
		"a=sctp-port:5000":                                         "",
		"a=imageattr:* send [x=203]":                               "",
		"a=identity:203.0.113.7":                                   "",
		"a=Candidate:1 1 udp 1 203.0.113.7 9 typ host":             "",
		"a=candidate:1 1 udp 1 203.0.113.7 9 typ host":             "",
		"a=candidate:1 2 udp 1 198.18.7.9 49152 typ relay":         "",
		"a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay":         "a=candidate:",
	} {
		got, err := mask.Description("offer", with(minimal, 1, line), owns)
		if want == "!" {
			if !errors.Is(err, mask.ErrMasked) {
				t.Errorf("%q: %v", line, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if found := leaks(got); len(found) > 0 {
			t.Errorf("%q: leaks %q", line, found)
		}
		base, _ := mask.Description("offer", minimal, owns)
		switch want {
		case "":
			if got != base {
				t.Errorf("%q: not dropped:\n%s", line, got)
			}
		case "=":
			want = line
			fallthrough
		default:
			if want != line && strings.Contains(want, "j-") {
				want = want[:strings.Index(want, "j-")+2]
			}
			if !strings.Contains(got, "\r\n"+want) {
				t.Errorf("%q: no %q in\n%s", line, want, got)
			}
		}
	}
}
