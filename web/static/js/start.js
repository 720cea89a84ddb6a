// @ts-check
// The start view: what the visitor likes, speaks and accepts, and the two buttons.

import { Age } from './age.js';
import { cameraAllowed } from './camera.js';
import { Consent } from './consent.js';
import { byId, explain, make } from './dom.js';
import { Interests } from './interests.js';
import { Online } from './online.js';
import { Speaks } from './speaks.js';
import { videoProblem } from './support.js';
import { problem, t } from './words.js';

/** @typedef {import('./types.js').Mode} Mode */
/** @typedef {import('./support.js').Problem} Problem */

export class StartView {
  age = new Age();
  #view = byId('start', HTMLElement);
  #notice = byId('notice', HTMLElement);
  #support = byId('support', HTMLElement);
  #hint = byId('go-hint', HTMLElement);
  #video = byId('video-chat', HTMLButtonElement);
  #text = byId('text-chat', HTMLButtonElement);
  #check = byId('check-camera', HTMLButtonElement);
  #online = new Online();
  #interests = new Interests();
  #consent = new Consent(() => this.#enable());
  #begin;
  #preview;
  #problem = videoProblem();

  /**
   * @param {(mode: Mode) => void} begin the visitor wants to chat
   * @param {import('./preview.js').Preview} preview
   */
  constructor(begin, preview) {
    this.#begin = begin;
    this.#preview = preview;
    new Speaks();
    this.#video.addEventListener('click', () => this.#beginVideo());
    this.#text.addEventListener('click', () => begin('text'));
    this.#check.addEventListener('click', () => preview.show(this.#consent.given));
    this.#check.hidden = this.#problem !== null;
    if (this.#problem) explain(this.#support, this.#problem);
    if (this.#consent.outdated) this.complain(problem('consent.changed'));
    this.#enable();
  }

  /** Version of the policy that the visitor accepted. */
  get policy() {
    return this.#consent.policy;
  }

  get interests() {
    return this.#interests.all;
  }

  show() {
    this.#view.hidden = false;
    this.#online.start();
  }

  /** A chat begins, or there is something else to see. */
  hide() {
    this.#view.hidden = true;
    this.#notice.hidden = true;
    this.#online.stop();
    if (this.#consent.given) this.#consent.remember();
  }

  /** @param {number} count */
  online(count) {
    this.#online.show(count);
  }

  /** Asks for consent to another version of the policy. @param {string} policy */
  askConsent(policy) {
    this.#consent.ask(policy);
    this.#enable();
    this.complain(problem('consent.changed'));
  }

  /**
   * Says why a chat did not start, or ended.
   * @param {Problem} problem
   * @param {boolean} [offerText] whether text chat is a way out
   */
  complain(problem, offerText = false) {
    explain(this.#notice, problem);
    if (offerText) {
      const button = make('button', t('use_text'));
      button.type = 'button';
      button.addEventListener('click', () => this.#begin('text'));
      this.#notice.append(button);
    }
    this.#notice.scrollIntoView({ block: 'nearest' });
  }

  /** Who has not allowed the camera yet sees first what others will see, unless they go elsewhere. */
  async #beginVideo() {
    if (this.age.needed('video') || this.#preview.passed || (await cameraAllowed())) this.#begin('video');
    else this.#preview.show(true);
  }

  #enable() {
    const { given } = this.#consent;
    this.#video.disabled = !given || this.#problem !== null;
    this.#text.disabled = !given;
    this.#hint.hidden = given;
  }
}
