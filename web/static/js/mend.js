// @ts-check
// Mends a call in its place: new candidates for the same connection (ICE restart),
// when the old way is broken or stays silent.

const patience = 4_000; // ms of silence, which often ends by itself
const courtesy = 3_000; // ms that the polite side leaves to the other, lest both begin at once
const again = 10_000; // ms until the next try, where one brought nothing

export class Mender {
  #peer;
  #polite;
  #restarting;
  #timer = 0;
  #listener = () => this.#changed();

  /**
   * @param {Pick<RTCPeerConnection, 'iceConnectionState' | 'restartIce' | 'addEventListener' | 'removeEventListener'>} peer
   * @param {boolean} polite
   * @param {() => void} restarting a try begins
   */
  constructor(peer, polite, restarting) {
    this.#peer = peer;
    this.#polite = polite;
    this.#restarting = restarting;
    peer.addEventListener('iceconnectionstatechange', this.#listener);
  }

  close() {
    clearTimeout(this.#timer);
    this.#peer.removeEventListener('iceconnectionstatechange', this.#listener);
  }

  #changed() {
    clearTimeout(this.#timer);
    const state = this.#peer.iceConnectionState;
    if (state !== 'failed' && state !== 'disconnected') return;
    const delay = (state === 'failed' ? 0 : patience) + (this.#polite ? courtesy : 0);
    this.#timer = setTimeout(() => this.#restart(), delay);
  }

  #restart() {
    this.#peer.restartIce();
    this.#restarting();
    this.#timer = setTimeout(() => this.#restart(), again); // a change of state stops it
  }
}
