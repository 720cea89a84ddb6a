package mask_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/match/mask"
)

// TestBrowsers holds what becomes of descriptions that Chromium 156 and Firefox
// 153 wrote for a camera and a microphone. firefox-plain-offer is made of the
// other by hand: addresses for the .local names, relay candidates, H.264.
func TestBrowsers(t *testing.T) {
	for _, name := range []string{
		"chromium-offer", "chromium-answer", "firefox-offer", "firefox-answer",
		"firefox-plain-offer",
	} {
		t.Run(name, func(t *testing.T) {
			typ := name[strings.LastIndex(name, "-")+1:]
			got, err := mask.Description(typ, sample(t, name+".sdp"), owns)
			if err != nil {
				t.Fatal(err)
			}
			if found := leaks(got); len(found) > 0 {
				t.Errorf("leaks %q", found)
			}
			again, err := mask.Description(typ, got, owns)
			if err != nil || again != got {
				t.Errorf("not a fixed point: %v", err)
			}
			golden := name + ".masked.sdp"
			if *update {
				if err := os.WriteFile(filepath.Join("testdata", golden), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != sample(t, golden) {
				t.Errorf("differs from %s:\n%s", golden, got)
			}
		})
	}
}

// minimal passes; every test below changes one thing about it.
const minimal = "v=0\r\no=- 1 2 IN IP4 203.0.113.7\r\ns=-\r\nt=0 0\r\n" +
	"m=audio 5000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 203.0.113.7\r\na=mid:0\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\n" +
	"a=fingerprint:sha-256 89:C7:C8:43:35:32:53:84:06:79:E7:1F:BF:DF:A0:10:95:58:97:41:40:6F:F9:3A:24:21:D7:48:06:9C:9C:ED\r\n"

func swap(from, to string) string {
	if !strings.Contains(minimal, from) {
		panic("minimal has no " + from)
	}
	return strings.ReplaceAll(minimal, from, to)
}

func TestRefused(t *testing.T) {
	const mux = "a=rtcp-mux\r\n"
	for name, text := range map[string]string{
		"empty":                "",
		"no sdp":               "hello\n",
		"no m-line":            "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
		"not ended":            strings.TrimSuffix(minimal, "\r\n"),
		"nul":                  swap("s=-", "s=\x00"),
		"tab":                  swap("a=mid:0", "a=mid:\t0"),
		"lone cr":              swap("a=mid:0", "a=mid:0\ra=x"),
		"cr cr lf":             swap("a=mid:0\r\n", "a=mid:0\r\r\n"),
		"empty line":           swap(mux, mux+"\r\n"),
		"not utf-8":            swap("s=-", "s=\xff"),
		"version 1":            swap("v=0", "v=1"),
		"application":          swap("audio", "application"),
		"image":                swap("audio", "image"),
		"text":                 swap("audio", "text"),
		"message":              swap("audio", "message"),
		"rtp/avp":              swap("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
		"sctp":                 swap("UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP"),
		"port range":           swap("5000", "5000/2"),
		"format name":          swap("SAVPF 111", "SAVPF opus"),
		"format 128":           swap("SAVPF 111", "SAVPF 128"),
		"format address":       swap("SAVPF 111", "SAVPF 111 203.0.113.7"),
		"no format":            swap("SAVPF 111", "SAVPF"),
		"no mux":               swap(mux, ""),
		"no ufrag":             swap("a=ice-ufrag:abcd\r\n", ""),
		"no pwd":               swap("a=ice-pwd:abcdefghijklmnopqrstuv\r\n", ""),
		"no fingerprint":       swap("a=fingerprint", "a=fingerprints"),
		"sha-1 only":           swap("sha-256 89:C7:C8:43:35:32:53:84:06:79:E7:1F:", "sha-1 "),
		"short fingerprint":    swap("89:C7:", ""),
		"short pwd":            swap("abcdefghijklmnopqrstuv", "abc"),
		"ufrag with dots":      swap("a=ice-ufrag:abcd", "a=ice-ufrag:203.0.113.7"),
		"long ufrag":           swap("a=ice-ufrag:abcd", "a=ice-ufrag:"+strings.Repeat("a", 257)),
		"two mids":             swap("a=mid:0", "a=mid:0\r\na=mid:1"),
		"two directions":       swap(mux, mux+"a=sendonly\r\na=recvonly\r\n"),
		"one mid twice":        minimal + minimal[strings.Index(minimal, "m="):],
		"flag with a value":    swap(mux, "a=rtcp-mux:203.0.113.7\r\n"),
		"malformed candidate":  swap(mux, mux+"a=candidate:1 1 udp 203.0.113.7\r\n"),
		"candidate sans value": swap(mux, mux+"a=candidate\r\n"),
		"17 m-lines":           minimal + strings.Repeat("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", 16),
		"2001 attributes":      minimal + strings.Repeat("a=x\r\n", 1996),
		"over 32 KiB":          swap("s=-", "s="+strings.Repeat("x", 32<<10)),
		"grows over 32 KiB":    minimal + strings.Repeat("a=ssrc:1 cname:x\r\n", 1000),
		"bad url":              swap("s=-", "s=-\r\nu=http://[203.0.113.7"),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mask.Description("offer", text, owns)
			if !errors.Is(err, mask.ErrMasked) || errors.Is(err, mask.ErrIgnored) || got != "" {
				t.Fatalf("got %q, %v", got, err)
			}
			if found := leaks(err.Error()); len(found) > 0 {
				t.Errorf("the error %q leaks %q", err, found)
			}
		})
	}
	if _, err := mask.Description("offer", minimal, owns); err != nil {
		t.Fatalf("minimal: %v", err)
	}
	if _, err := mask.Description("rollback", minimal, owns); !errors.Is(err, mask.ErrMasked) {
		t.Errorf("rollback: %v", err)
	}
	actpass := swap(mux, mux+"a=setup:actpass\r\n")
	if _, err := mask.Description("answer", actpass, owns); !errors.Is(err, mask.ErrMasked) {
		t.Errorf("answer with actpass: %v", err)
	}
}

// TestDirection: the session's default moves into the media that has none.
func TestDirection(t *testing.T) {
	text := with(minimal, 0, "a=recvonly")
	got, err := mask.Description("offer", text, owns)
	if err != nil {
		t.Fatal(err)
	}
	if at := strings.Index(got, "a=recvonly"); at < strings.Index(got, "m=audio") {
		t.Errorf("recvonly is at %d:\n%s", at, got)
	}
	got, _ = mask.Description("offer", with(text, 1, "a=inactive"), owns)
	if strings.Contains(got, "recvonly") || !strings.Contains(got, "inactive") {
		t.Errorf("the media's own direction has to win:\n%s", got)
	}
}

// TestBundle: what a bundle shares need not stand in each of its sections.
func TestBundle(t *testing.T) {
	text := with(minimal, 0, "a=group:BUNDLE 0 1") + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
	if _, err := mask.Description("offer", text, owns); err != nil {
		t.Error(err)
	}
	text = strings.Replace(text, "BUNDLE 0 1", "BUNDLE 0", 1)
	if _, err := mask.Description("offer", text, owns); !errors.Is(err, mask.ErrMasked) {
		t.Errorf("outside of the bundle: %v", err)
	}
	text = strings.Replace(text, "video 9", "video 0", 1)
	got, err := mask.Description("answer", text, owns)
	if err != nil || !strings.Contains(got, "m=video 0 ") {
		t.Errorf("rejected: %v\n%s", err, got)
	}
}

// TestPseudonyms: stable within a peer connection, another in the next one, and
// the same stream stays the same stream.
func TestPseudonyms(t *testing.T) {
	stream := func(text string) string {
		t.Helper()
		got, err := mask.Description("offer", text+"a=msid:camera track\r\n", owns)
		if err != nil {
			t.Fatal(err)
		}
		_, id, _ := strings.Cut(got, "a=msid:")
		id, _, _ = strings.Cut(id, " ")
		return id
	}
	first, renegotiated := stream(minimal), stream(swap("1 2 IN", "1 3 IN"))
	next := stream(swap("89:C7:C8", "89:C7:C9"))
	if first != renegotiated || first == next || strings.Contains(first, "camera") {
		t.Errorf("first %q, renegotiated %q, next %q", first, renegotiated, next)
	}
}
