// @ts-check
// The video side of a visit: camera, the call of the moment, the spare peer
// connection for the next one, and what the stage says about them.

import { Call } from './call.js';
import { nextCamera } from './next-camera.js';
import { byId } from './dom.js';
import { Mender } from './mend.js';
import { Meter } from './meter.js';
import { Spare, sameServers } from './peer.js';
import { Throttle } from './rate.js';
import { WakeLock } from './screen.js';
import { settings } from './settings.js';
import * as words from './words.js';

/** @typedef {import('./types.js').Ice} Ice */

const settled = 500; // ms after which the first picture is there, and nobody minds that the next connection is prepared

export class Video {
  #stage;
  #camera;
  #spare = new Spare();
  /** @type {Call | null} */
  #call = null;
  /** @type {Ice | null} */
  #ice = null;
  #on = false; // the visit is one with video
  #later = 0; // a timer: the next spare connection
  #wake = new WakeLock();
  #switch = byId('switch', HTMLButtonElement);
  /** @type {{close: () => void}[]} what watches over the call */
  #guards = [];
  /** @type {Throttle | null} */
  #throttle = null;

  /**
   * @param {import('./stage.js').Stage} stage
   * @param {import('./camera.js').Camera} camera
   */
  constructor(stage, camera) {
    this.#stage = stage;
    this.#camera = camera;
    this.#switch.addEventListener('click', () => this.#switchCamera());
    settings.on('saver', () => this.#throttle?.apply());
  }

  /** Opens the camera for a visit. */
  async open() {
    this.#stage.local(await this.#camera.open());
    this.#on = true;
    this.#switch.hidden = (await this.#camera.devices('video')).length < 2;
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

  /** Uses these servers and credentials from now on. A call goes over to other servers. @param {Ice | undefined} ice */
  configure(ice) {
    if (!this.#on || !ice) return;
    const others = this.#ice !== null && !sameServers(this.#ice, ice);
    this.#ice = ice;
    this.#call?.configure(ice);
    this.#spare.prepare(ice);
    if (others) this.#call?.resync(true);
  }

  /**
   * Calls a new partner.
   * @param {object} match
   * @param {boolean} match.polite
   * @param {Ice} [match.ice] servers from now on, if not those of before
   * @param {import('./call.js').CallOptions['signal']} match.signal
   */
  begin({ polite, ice = this.#ice ?? undefined, signal }) {
    if (this.#on && ice) this.#ice = ice; // before a spare connection is made
    this.end('seeking');
    if (!this.#on || !ice || !this.#camera.stream) return;
    this.#stage.note(words.call('connecting'));
    const peer = this.#spare.take(ice);
    const throttle = new Throttle(peer, ice.maxBitrate);
    this.#throttle = throttle;
    this.#guards = [new Mender(peer, polite, () => this.#stage.note(words.t('call.restarting'))), new Meter(peer)];
    this.#wake.hold();
    this.#call = new Call({
      peer,
      polite,
      stream: this.#camera.stream,
      signal,
      remote: (stream) => this.#stage.remote(stream),
      state: (state) => {
        this.#stage.note(words.call(state));
        if (state !== 'connected') return;
        throttle.apply();
        clearTimeout(this.#later);
        this.#later = setTimeout(() => this.#ice && this.#spare.prepare(this.#ice), settled);
      },
    });
  }

  /** Ends the call, if there is one. @param {'none' | 'seeking'} picture what is shown instead */
  end(picture) {
    for (const guard of this.#guards.splice(0)) guard.close();
    this.#call?.close();
    this.#call = this.#throttle = null;
    clearTimeout(this.#later);
    this.#wake.release();
    this.#stage.clear(picture);
    if (this.#ice && picture === 'seeking') this.#spare.prepare(this.#ice);
  }

  /** Takes a signal of the partner. @param {import('./types.js').ServerMessage} m */
  receive(m) {
    if (m.type === 'candidate') this.#call?.candidate(m.candidate ?? null);
    else if (m.description) this.#call?.description(m.description);
  }

  /** Makes up for signals that were lost with a socket. @param {boolean} anew the relay has forgotten the call */
  resync(anew) {
    this.#call?.resync(anew);
  }

  /** Takes another camera, without a new call. */
  async #switchCamera() {
    const { stream } = this.#camera;
    const old = stream?.getVideoTracks()[0];
    if (!stream || !old || this.#switch.disabled) return;
    this.#switch.disabled = true;
    try {
      const track = await nextCamera(old, await this.#camera.devices('video'));
      if (stream !== this.#camera.stream) return track.stop(); // the visit is over
      track.enabled = old.enabled;
      stream.removeTrack(old);
      stream.addTrack(track);
      await this.#call?.replace(old, track);
      this.#stage.mirror(stream);
      this.#throttle?.apply();
    } catch (error) {
      this.#stage.note(words.t('switch.failed'));
      console.warn('camera:', error);
    } finally {
      this.#switch.disabled = false;
    }
  }

  /** The server refused a signal. @param {string} [detail] */
  refused(detail) {
    console.warn('signal refused:', detail);
    this.#stage.note(words.t('call.refused'));
  }
}
