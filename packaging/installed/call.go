package main

import (
	"context"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/joingyd/joingyd/client"
)

const (
	impolite    = "impolite" // the side that offers
	packetEvery = 20 * time.Millisecond
)

// call is a peer connection over the relay alone, on which RTP is sent as long as it
// is there. The zero call is none.
type call struct {
	peer    *webrtc.PeerConnection
	stop    context.CancelFunc
	sending sync.WaitGroup
}

func (c *call) end() {
	if c.peer == nil {
		return
	}
	c.stop()
	c.sending.Wait()
	_ = c.peer.Close()
	c.peer = nil
}

// open ends the call before, and makes ready for another with the newest credentials.
func (v *visitor) open(ctx context.Context) error {
	v.call.end()
	var servers []webrtc.ICEServer
	for _, s := range v.conn.Welcome().ICE.Servers {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	var engine webrtc.SettingEngine
	engine.SetRelayAcceptanceMinWait(0) // for a better way than the relay, which there is not
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{ICEServers: servers, ICETransportPolicy: webrtc.ICETransportPolicyRelay})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	v.call.peer, v.call.stop = peer, stop
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "camera")
	if err != nil {
		return err
	}
	if _, err := peer.AddTrack(track); err != nil {
		return err
	}
	peer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := remote.ReadRTP(); err != nil {
				return
			}
			v.heard()
		}
	})
	peer.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.life.calls++
		}
	})
	v.call.sending.Go(func() { sendPackets(ctx, track) })
	return nil
}

// sendPackets sends one after the other; before the call connects they are for nobody.
func sendPackets(ctx context.Context, track *webrtc.TrackLocalStaticRTP) {
	ticker := time.NewTicker(packetEvery)
	defer ticker.Stop()
	for n := uint16(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 1800}, Payload: []byte("\x10\x00\x00picture")}
			if track.WriteRTP(packet) != nil {
				return
			}
		}
	}
}

func (v *visitor) offer(ctx context.Context) error {
	if err := v.open(ctx); err != nil {
		return err
	}
	offer, err := v.call.peer.CreateOffer(nil)
	if err != nil {
		return err
	}
	return v.describe(ctx, offer)
}

// described takes an answer, or answers an offer by a call of its own.
func (v *visitor) described(ctx context.Context, d client.Description) error {
	remote := webrtc.SessionDescription{Type: webrtc.NewSDPType(d.Type), SDP: d.SDP}
	if remote.Type != webrtc.SDPTypeOffer {
		if v.call.peer == nil {
			return nil // too late
		}
		return v.call.peer.SetRemoteDescription(remote)
	}
	if err := v.open(ctx); err != nil {
		return err
	}
	if err := v.call.peer.SetRemoteDescription(remote); err != nil {
		return err
	}
	answer, err := v.call.peer.CreateAnswer(nil)
	if err != nil {
		return err
	}
	return v.describe(ctx, answer)
}

// describe sends a description with all its candidates.
func (v *visitor) describe(ctx context.Context, d webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(v.call.peer)
	if err := v.call.peer.SetLocalDescription(d); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-gathered:
	}
	_, pair := v.look()
	return v.send(ctx, map[string]any{"type": "description", "pair": pair, "description": v.call.peer.LocalDescription()})
}

func (c *call) candidate(candidate *client.Candidate) error {
	if c.peer == nil || candidate == nil || c.peer.RemoteDescription() == nil {
		return nil
	}
	return c.peer.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate.Candidate, SDPMid: candidate.SDPMid, SDPMLineIndex: candidate.SDPMLineIndex})
}
