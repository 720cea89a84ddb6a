package mask_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
)

// smuggled are the addresses that W9 tries to get through.
var smuggled = []string{
	"203.0.113.7", "2001:db8::7", "::ffff:203.0.113.7", "198.18.7.8", "[2001:db8::7]", "fe80::7%eth0",
	"ba6d54d6-9e09-42d2-a6d7-922b4bf6ebf9.local",
}

// places has one line for each place that could hold an address: the kinds of
// line of RFC 8866 and every attribute with a rule, here by several parts.
var places = []string{
	"i=%s", "u=http://%s/", "e=a@%s", "p=%s", "c=IN IP4 %s", "c=IN IP6 %s", "k=clear:%s", "s=%s", "z=%s", "r=%s",
	"b=X-%s:1", "b=AS:%s", "a=%s", "a=x:%s",
	"a=group:BUNDLE %s", "a=group:%s 0", "a=msid-semantic:WMS %s", "a=extmap-allow-mixed:%s", "a=fingerprint:sha-256 %s",
	"a=fingerprint:%s 00", "a=ice-options:%s", "a=ice-ufrag:%s", "a=ice-pwd:%[1]s%[1]s%[1]s", "a=setup:%s", "a=sendrecv:%s",
	"a=mid:%s", "a=rtcp:9 IN IP4 %s", "a=rtcp-mux:%s", "a=rtcp-mux-only:%s", "a=rtcp-rsize:%s", "a=rtcp-xr:%s",
	"a=rtpmap:111 %s/8000", "a=rtpmap:%s opus/48000", "a=rtpmap:111 opus/%s", "a=rtpmap:111 opus/48000/%s",
	"a=fmtp:111 %s", "a=fmtp:111 x=%s", "a=fmtp:111 x=1;%s=1", "a=fmtp:%s x=1", "a=fmtp:111 x=1; %s",
	"a=rtcp-fb:111 %s", "a=rtcp-fb:%s nack", "a=rtcp-fb:111 nack %s",
	"a=extmap:1 %s", "a=extmap:1 http://%s/", "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset %s", "a=extmap:1/%s urn:3gpp:video-orientation",
	"a=extmap:1 urn:ietf:params:rtp-hdrext:%s", "a=msid:%s", "a=msid:- %s", "a=msid:%[1]s %[1]s", "a=msid:j-%s x",
	"a=ssrc:1 cname:%s", "a=ssrc:1 msid:%s x", "a=ssrc:1 label:%s", "a=ssrc:1 %s", "a=ssrc:%s cname:x", "a=ssrc-group:FID %s", "a=ssrc-group:%s 1",
	"a=rid:%s send", "a=rid:h send %s", "a=rid:h send x=%s", "a=rid:h send pt=%s", "a=simulcast:send %s", "a=simulcast:%s h",
	"a=bundle-only:%s", "a=ptime:%s", "a=maxptime:%s", "a=end-of-candidates:%s",
	"a=remote-candidates:1 %s 9", "a=ice-lite:%s", "a=crypto:1 AES inline:%s", "a=imageattr:96 send %s", "a=identity:%s", "a=sctp-port:%s", "a=sctpmap:%s", "a=tls-id:%s",
	"a=candidate:1 1 udp 1 %s 9 typ host", "a=candidate:1 1 udp 1 %s 9 typ srflx raddr %[1]s rport 9", "a=candidate:1 1 udp 1 %s 9 typ prflx raddr %[1]s rport 9",
	"a=candidate:1 1 udp 1 %s 9 typ relay raddr 0.0.0.0 rport 0", "a=candidate:1 1 udp 1 %s 49152 typ relay",
	"a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay raddr %s rport 9", "a=candidate:%s 1 udp 1 198.18.7.9 49152 typ relay",
	"a=candidate:1 1 %s 1 198.18.7.9 49152 typ relay", "a=candidate:1 1 udp 1 198.18.7.9 49152 typ %s", "a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay %s x",
	"a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay x %s", "a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay ufrag %s", "a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay generation %s",
	"a=candidate:1 1 ssltcp 1 %s 9 typ host tcptype passive", "a=candidate:%s", "m=audio 9 UDP/TLS/RTP/SAVPF %s", "m=%s 9 UDP/TLS/RTP/SAVPF 0", "o=- 1 1 IN IP4 %s", "o=%s 1 1 IN IP4 0.0.0.0",
	"a=sendrecv\ra=x:%s", "a=sendrecv\x00%s", "a=sendrecv\n\na=x:%s", "a=sendrecv\u2028a=x:%s",
}

// TestW9Bombs: sizes are refused before work is done, and what is within the
// limits costs no more than its length.
func TestW9Bombs(t *testing.T) {
	relay := "a=candidate:1 1 udp 1 198.18.7.9 49152 typ relay raddr 203.0.113.7 rport 9"
	host := "a=candidate:1 1 udp 1 203.0.113.7 9 typ host"
	for name, lines := range map[string][]string{
		"attributes": {strings.Repeat("a=x\r\n", 5000)},
		"one line":   {"a=fmtp:111 " + strings.Repeat("x=1;", 8000)},
		"spaces":     {"a=ice-options:" + strings.Repeat(" ", 30000)},
		"media":      {strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", 900)},
		"candidates": {strings.Repeat(host+"\r\n", 10000)},
		"formats":    {"m=audio 9 UDP/TLS/RTP/SAVPF" + strings.Repeat(" 0", 15000)},
		"streams":    {"a=simulcast:send " + strings.Repeat("a;", 15000) + "a"},
		"digits":     {"a=ssrc:" + strings.Repeat("9", 30000) + " cname:x"},
		"group":      {"a=group:BUNDLE" + strings.Repeat(" 0", 15000)},
	} {
		for n := range 2 {
			got, err := mask.Description("offer", strings.ReplaceAll(with(minimal, n, lines...), "\r\n\r\n", "\r\n"), owns)
			if err != nil && !errors.Is(err, mask.ErrMasked) {
				t.Errorf("%s: %v", name, err)
			}
			if len(leaks(got)) > 0 || len(got) > 1000 {
				t.Errorf("%s: %d bytes, %q", name, len(got), leaks(got))
			}
		}
	}
	var many []string
	for i := range 200 {
		many = append(many, strings.Replace(relay, "rport 9", fmt.Sprintf("rport 9 generation %d", i), 1), host)
	}
	got, err := mask.Description("offer", with(minimal, 1, many...), owns)
	if err != nil || strings.Count(got, "a=candidate:") != 1 {
		t.Errorf("200 candidates of one allocation: %v, %d passed", err, strings.Count(got, "a=candidate:"))
	}
}
