// @ts-check
// What keeps the partner's picture and sound back: the blur, until the visitor lifts
// it, and a Next that can still be undone. The visitor may have asked for the blur, or
// the server, which says why.

import { byId, say } from './dom.js';
import { settings } from './settings.js';

/** @typedef {'blur' | 'next'} Reason */

export class Veil {
  #stage = byId('stage', HTMLElement);
  #video = byId('remote-video', HTMLVideoElement);
  #button = byId('blur', HTMLButtonElement);
  #why = byId('veiled', HTMLElement);
  /** @type {Set<Reason>} */
  #reasons = new Set();
  /** @type {Set<string>} */
  #suspected = new Set(); // what a program took this partner's picture for

  constructor() {
    byId('lift', HTMLButtonElement).addEventListener('click', () => this.set('blur', false));
    this.#button.addEventListener('click', () => this.set('blur', !this.#reasons.has('blur')));
  }

  /** A new partner: what was lifted for the last one is not lifted for this one. */
  renew() {
    this.#suspected.clear();
    this.set('next', false);
    this.set('blur', settings.get('blur'));
  }

  /**
   * Hides the picture for what a program takes it for, unless it did so in this chat.
   * @param {string} what @param {string} why what the visitor is told
   */
  suspect(what, why) {
    if (this.#suspected.has(what)) return false;
    this.#suspected.add(what);
    this.set('blur', true, why);
    return true;
  }

  /** @param {Reason} reason @param {boolean} on @param {string} [why] what the visitor is told of the blur */
  set(reason, on, why = '') {
    if (on) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    if (reason === 'blur') say(this.#why, why);
    const blur = this.#reasons.has('blur');
    this.#stage.dataset.veil = this.#reasons.has('next') ? 'next' : blur ? 'blur' : '';
    this.#button.setAttribute('aria-pressed', String(blur));
    this.#video.muted = this.#reasons.size > 0;
    // A picture in its own window is out of reach of the page's styles.
    if (this.#reasons.size > 0 && document.pictureInPictureElement) document.exitPictureInPicture().catch(() => {});
  }
}
