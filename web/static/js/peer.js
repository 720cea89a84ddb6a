// @ts-check
// Peer connections prepared ahead: while one chat goes on, the next one's
// connection gathers its relay candidates, so that Next is fast.
//
// Each is used for one partner only, and makes its own DTLS certificate (none is
// passed in `certificates`): two partners cannot compare fingerprints and find
// that they met the same visitor.

/** @typedef {import('./types.js').Ice} Ice */

const renewBefore = 60_000; // ms before the relay credentials run out

/**
 * @param {Ice} ice
 * @returns {RTCConfiguration}
 */
export function configuration(ice) {
  return {
    iceServers: ice.servers,
    iceTransportPolicy: ice.transportPolicy,
    bundlePolicy: 'max-bundle',
    iceCandidatePoolSize: 1,
  };
}

/**
 * Whether two are for the same relay.
 * @param {Ice} one
 * @param {Ice} other
 */
export function sameServers(one, other) {
  const urls = (/** @type {Ice} */ ice) => JSON.stringify(ice.servers.map((server) => server.urls));
  return urls(one) === urls(other);
}

export class Spare {
  /** @type {RTCPeerConnection | null} */
  #peer = null;
  /** @type {Ice | null} */
  #ice = null;

  /**
   * Gets a connection ready for these servers, unless there is one.
   * @param {Ice} ice
   */
  prepare(ice) {
    if (this.#peer && this.#ice === ice) return;
    this.drop();
    this.#peer = new RTCPeerConnection(configuration(ice));
    this.#ice = ice;
  }

  /**
   * Hands out a connection that nobody used before.
   * @param {Ice} ice
   * @returns {RTCPeerConnection}
   */
  take(ice) {
    if (Date.parse(ice.expires) - Date.now() < renewBefore) this.drop();
    this.prepare(ice);
    const peer = /** @type {RTCPeerConnection} */ (this.#peer);
    this.#peer = null;
    return peer;
  }

  drop() {
    this.#peer?.close();
    this.#peer = null;
  }
}
