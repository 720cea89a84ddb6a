package mask_test

import (
	"testing"

	"github.com/joingyd/joingyd/match/mask"
	"github.com/pion/webrtc/v4"
)

// TestPion negotiates between two peer connections that see each other through
// the mask only, there and back again with the roles changed.
func TestPion(t *testing.T) {
	a, b := peer(t), peer(t)
	for range 2 {
		negotiate(t, a, b)
		for _, pc := range []*webrtc.PeerConnection{a, b} {
			kinds := make(map[webrtc.RTPCodecType]webrtc.RTPTransceiverDirection)
			for _, tr := range pc.GetTransceivers() {
				kinds[tr.Kind()] = tr.Direction()
			}
			if len(kinds) != 2 || len(pc.GetTransceivers()) != 2 ||
				kinds[webrtc.RTPCodecTypeAudio] != webrtc.RTPTransceiverDirectionSendrecv ||
				kinds[webrtc.RTPCodecTypeVideo] != webrtc.RTPTransceiverDirectionSendrecv {
				t.Errorf("transceivers: %v", kinds)
			}
			if pc.SignalingState() != webrtc.SignalingStateStable {
				t.Errorf("signaling state: %v", pc.SignalingState())
			}
		}
		a, b = b, a
	}
}

func peer(t *testing.T) *webrtc.PeerConnection {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{ICETransportPolicy: webrtc.ICETransportPolicyRelay})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	for kind, codec := range map[string]string{"audio": webrtc.MimeTypeOpus, "video": webrtc.MimeTypeVP8} {
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: codec}, kind, "camera")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pc.AddTrack(track); err != nil {
			t.Fatal(err)
		}
	}
	return pc
}

func negotiate(t *testing.T, a, b *webrtc.PeerConnection) {
	t.Helper()
	offer, err := a.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	if err := b.SetRemoteDescription(masked(t, offer)); err != nil {
		t.Fatal(err)
	}
	answer, err := b.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetLocalDescription(answer); err != nil {
		t.Fatal(err)
	}
	if err := a.SetRemoteDescription(masked(t, answer)); err != nil {
		t.Fatal(err)
	}
}

func masked(t *testing.T, d webrtc.SessionDescription) webrtc.SessionDescription {
	t.Helper()
	text, err := mask.Description(d.Type.String(), d.SDP, owns)
	if err != nil {
		t.Fatalf("%v:\n%s", err, d.SDP)
	}
	if found := leaks(text); len(found) > 0 {
		t.Errorf("leaks %q", found)
	}
	return webrtc.SessionDescription{Type: d.Type, SDP: text}
}
