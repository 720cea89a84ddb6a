// @ts-check
// The video side of a visit: camera, the call of the moment, the spare peer
// connection for the next one, and what the stage says about them.

import { Call } from './call.js';
import { Spare } from './peer.js';
import * as words from './words.js';

/** @typedef {import('./types.js').Ice} Ice */

export class Video {
  #stage;
  #camera;
  #spare = new Spare();
  /** @type {Call | null} */
  #call = null;
  /** @type {Ice | null} */
  #ice = null;
  #on = false; // the visit is one with video

  /**
   * @param {import('./stage.js').Stage} stage
   * @param {import('./camera.js').Camera} camera
   */
  constructor(stage, camera) {
    this.#stage = stage;
    this.#camera = camera;
  }

  /** Opens the camera for a visit. */
  async open() {
    this.#stage.local(await this.#camera.open());
    this.#on = true;
  }

  /** Ends the visit: camera, relay allocations and pictures are gone. */
  close() {
    this.end('none');
    this.#spare.drop();
    this.#camera.close();
    this.#stage.local(null);
    this.#ice = null;
    this.#on = false;
  }

  /** Uses these servers and credentials from now on. @param {Ice | undefined} ice */
  configure(ice) {
    if (!this.#on || !ice) return;
    this.#ice = ice;
    this.#call?.configure(ice);
    this.#spare.prepare(ice);
  }

  /**
   * Calls a new partner.
   * @param {object} match
   * @param {boolean} match.polite
   * @param {Ice} [match.ice] servers of this pair, if not those of the session
   * @param {import('./call.js').CallOptions['signal']} match.signal
   */
  begin({ polite, ice = this.#ice ?? undefined, signal }) {
    this.end('seeking');
    if (!this.#on || !ice || !this.#camera.stream) return;
    this.#stage.note(words.call('connecting'));
    this.#call = new Call({
      peer: this.#spare.take(ice),
      polite,
      stream: this.#camera.stream,
      signal,
      remote: (stream) => this.#stage.remote(stream),
      state: (state) => {
        this.#stage.note(words.call(state));
        if (state === 'connected' && this.#ice) this.#spare.prepare(this.#ice);
      },
    });
  }

  /** Ends the call, if there is one. @param {'none' | 'seeking'} picture what is shown instead */
  end(picture) {
    this.#call?.close();
    this.#call = null;
    this.#stage.clear(picture);
    if (this.#ice && picture === 'seeking') this.#spare.prepare(this.#ice);
  }

  /** Takes a signal of the partner. @param {import('./types.js').ServerMessage} m */
  receive(m) {
    if (m.type === 'candidate') this.#call?.candidate(m.candidate ?? null);
    else if (m.description) this.#call?.description(m.description);
  }

  /** Makes up for signals that were lost with a socket. */
  resync() {
    this.#call?.resync();
  }

  /** The server refused a signal. @param {string} [detail] */
  refused(detail) {
    console.warn('signal refused:', detail);
    this.#stage.note(words.t('call.refused'));
  }
}
