// @ts-check
// The two pictures, and the switches for one's own camera and microphone.

import { byId, say } from './dom.js';
import { Veil } from './veil.js';

export class Stage {
  veil = new Veil();
  #stage = byId('stage', HTMLElement);
  #remote = byId('remote-video', HTMLVideoElement);
  #local = byId('local-video', HTMLVideoElement);
  #self = byId('self', HTMLElement);
  #note = byId('stage-note', HTMLElement);
  #play = byId('play', HTMLButtonElement);
  #switches = { audio: byId('mic', HTMLButtonElement), video: byId('camera', HTMLButtonElement) };

  /** @param {(kind: 'audio' | 'video', on: boolean) => void} enable a switch was used */
  constructor(enable) {
    for (const kind of /** @type {const} */ (['audio', 'video'])) {
      const button = this.#switches[kind];
      button.addEventListener('click', () => {
        const off = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(off));
        enable(kind, !off);
        if (kind === 'video') this.#local.classList.toggle('off', off);
      });
    }
    this.#play.addEventListener('click', () => this.#start());
    this.#remote.addEventListener('playing', () => {
      if (this.#remote.srcObject) this.#picture('live');
    });
  }

  /** Shows one's own picture, or none. @param {MediaStream | null} stream */
  local(stream) {
    this.#self.hidden = stream === null;
    this.#local.srcObject = stream;
    this.#local.classList.remove('off');
    for (const kind of /** @type {const} */ (['audio', 'video'])) {
      const button = this.#switches[kind];
      button.hidden = !stream?.getTracks().some((track) => track.kind === kind);
      button.setAttribute('aria-pressed', 'false');
    }
    if (stream) this.mirror(stream);
  }

  /** Shows one's own picture as a mirror does, unless the camera looks away. @param {MediaStream} stream */
  mirror(stream) {
    const away = stream.getVideoTracks()[0]?.getSettings().facingMode === 'environment';
    this.#local.classList.toggle('straight', away);
  }

  /** Shows the partner's picture. @param {MediaStream} stream */
  remote(stream) {
    if (this.#remote.srcObject !== stream) this.#remote.srcObject = stream;
    this.#start();
  }

  /** What shows a picture: one's own, as it is sent, or the partner's. @param {'self' | 'partner'} [of] */
  video(of) {
    return of === 'self' ? this.#local : this.#remote;
  }

  /** Takes the partner's picture away. @param {'none' | 'seeking'} picture what is shown instead */
  clear(picture) {
    this.#remote.srcObject = null;
    this.#play.hidden = true;
    this.note('');
    this.veil.renew();
    this.#picture(picture);
  }

  /** Says something over the picture; nothing if empty. @param {string} text */
  note(text) {
    say(this.#note, text);
  }

  /** Browsers may want a click before they play sound. */
  async #start() {
    this.#play.hidden = true;
    try {
      await this.#remote.play();
    } catch (error) {
      this.#play.hidden = !(error instanceof DOMException && error.name === 'NotAllowedError');
    }
  }

  /** @param {'none' | 'seeking' | 'live'} picture */
  #picture(picture) {
    this.#stage.dataset.picture = picture;
  }
}
