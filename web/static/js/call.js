// @ts-check
// One call with one partner: perfect negotiation, as in the WebRTC
// specification's example, but that only the impolite side makes the first
// offer. Media only: a data channel would be a way around the text filters.

import { configuration } from './peer.js';

/** @typedef {import('./types.js').Ice} Ice */

/**
 * @typedef {object} CallOptions
 * @property {RTCPeerConnection} peer fresh; the call owns it and closes it
 * @property {boolean} polite
 * @property {MediaStream} stream what the partner gets
 * @property {(message: {type: 'description', description: RTCSessionDescriptionInit} | {type: 'candidate', candidate: RTCIceCandidateInit | null}) => void} signal
 * @property {(stream: MediaStream) => void} remote the partner's picture and sound have begun
 * @property {(state: RTCPeerConnectionState) => void} state
 */

export class Call {
  #peer;
  #polite;
  #signal;
  #remote = new MediaStream();
  #makingOffer = false;
  #mayOffer; // the polite side's turn comes after the first offer
  #ignoreOffer = false;
  #settingAnswer = false;
  /** @type {(RTCIceCandidateInit | null)[]} */
  #early = []; // candidates that came before the first description

  /** @param {CallOptions} options */
  constructor({ peer, polite, stream, signal, remote, state }) {
    this.#peer = peer;
    this.#polite = polite;
    this.#mayOffer = !polite;
    this.#signal = signal;
    peer.onnegotiationneeded = () => this.#offer();
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate !== '') signal({ type: 'candidate', candidate: candidate && candidate.toJSON() });
    };
    peer.ontrack = ({ track }) => {
      this.#remote.addTrack(track);
      remote(this.#remote);
    };
    peer.onconnectionstatechange = () => state(peer.connectionState);
    for (const track of stream.getTracks()) peer.addTrack(track, stream);
  }

  async #offer() {
    if (!this.#mayOffer) return;
    try {
      this.#makingOffer = true;
      await this.#describe();
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  async #describe() {
    await this.#peer.setLocalDescription();
    this.#sendDescription();
  }

  #sendDescription() {
    const description = this.#peer.localDescription;
    if (description) this.#signal({ type: 'description', description: { type: description.type, sdp: description.sdp } });
  }

  /**
   * Takes the partner's offer or answer.
   * @param {RTCSessionDescriptionInit} description
   */
  async description(description) {
    const peer = this.#peer;
    try {
      const ready = !this.#makingOffer && (peer.signalingState === 'stable' || this.#settingAnswer);
      this.#ignoreOffer = !this.#polite && description.type === 'offer' && !ready;
      if (this.#ignoreOffer) return;
      this.#settingAnswer = description.type === 'answer';
      try {
        await peer.setRemoteDescription(description);
      } finally {
        this.#settingAnswer = false;
      }
      this.#mayOffer = true;
      for (const candidate of this.#early.splice(0)) this.candidate(candidate);
      if (description.type === 'offer') await this.#describe();
    } catch (error) {
      this.#complain(error);
    }
  }

  /**
   * Takes a candidate of the partner; null says that there are no more.
   * @param {RTCIceCandidateInit | null} candidate
   */
  async candidate(candidate) {
    if (!this.#peer.remoteDescription) {
      this.#early.push(candidate);
      return;
    }
    try {
      await this.#peer.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      if (!this.#ignoreOffer) this.#complain(error);
    }
  }

  /**
   * Makes up for signals that may have been lost with a socket.
   * @param {boolean} anew the relay has forgotten the call: one side begins it again, and need not find out first
   */
  resync(anew) {
    const offered = this.#peer.signalingState === 'have-local-offer';
    if (offered) this.#sendDescription();
    if (anew ? !this.#polite : !offered && this.#peer.connectionState !== 'connected') this.#peer.restartIce();
  }

  /**
   * Sends another track in the place of one.
   * @param {MediaStreamTrack} old
   * @param {MediaStreamTrack} track
   */
  async replace(old, track) {
    await this.#peer.getSenders().find((sender) => sender.track === old)?.replaceTrack(track);
  }

  /**
   * Uses fresh relay credentials from now on.
   * @param {Ice} ice
   */
  configure(ice) {
    this.#peer.setConfiguration(configuration(ice));
  }

  /** Ends the call. Nothing is called back after. */
  close() {
    const peer = this.#peer;
    peer.onnegotiationneeded = peer.onicecandidate = peer.ontrack = null;
    peer.onconnectionstatechange = null;
    peer.close();
  }

  /** @param {unknown} error */
  #complain(error) {
    if (this.#peer.signalingState !== 'closed') console.warn('call:', error);
  }
}
