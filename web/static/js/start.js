// @ts-check
// The start view: who is online, interests, consent, and the two buttons.

import { cameraAllowed } from './camera.js';
import { byId, explain, make, say } from './dom.js';
import { Interests } from './interests.js';
import { videoProblem } from './support.js';
import { problem, t } from './words.js';

/** @typedef {import('./types.js').Mode} Mode */
/** @typedef {import('./support.js').Problem} Problem */

const pollInterval = 15_000; // ms

export class StartView {
  #view = byId('start', HTMLElement);
  #online = byId('online', HTMLElement);
  #notice = byId('notice', HTMLElement);
  #support = byId('support', HTMLElement);
  #hint = byId('go-hint', HTMLElement);
  #version = byId('policy-version', HTMLElement);
  #adult = byId('consent-adult', HTMLInputElement);
  #accepted = byId('consent-policy', HTMLInputElement);
  #video = byId('video-chat', HTMLButtonElement);
  #text = byId('text-chat', HTMLButtonElement);
  #check = byId('check-camera', HTMLButtonElement);
  #interests = new Interests();
  #begin;
  #preview;
  #problem = videoProblem();
  #timer = 0;

  /**
   * @param {(mode: Mode) => void} begin the visitor wants to chat
   * @param {import('./preview.js').Preview} preview
   */
  constructor(begin, preview) {
    this.#begin = begin;
    this.#preview = preview;
    this.#video.addEventListener('click', () => this.#beginVideo());
    this.#check.addEventListener('click', () => preview.show(this.#consent));
    this.#check.hidden = this.#problem !== null;
    this.#text.addEventListener('click', () => begin('text'));
    for (const box of [this.#adult, this.#accepted]) box.addEventListener('change', () => this.#enable());
    if (this.#problem) explain(this.#support, this.#problem);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && !this.#view.hidden) this.#poll();
    });
    this.#enable();
  }

  /** Version of the policy that the page asks consent to. */
  get policy() {
    return document.documentElement.dataset.policy ?? '';
  }

  get interests() {
    return this.#interests.all;
  }

  show() {
    this.#view.hidden = false;
    this.#poll();
  }

  hide() {
    this.#view.hidden = true;
    this.#notice.hidden = true;
    clearTimeout(this.#timer);
  }

  /** @param {number} count */
  online(count) {
    say(this.#online, t('online', { count }));
  }

  /** Asks for consent to another version of the policy. @param {string} policy */
  askConsent(policy) {
    document.documentElement.dataset.policy = policy;
    this.#version.textContent = policy;
    this.#accepted.checked = false;
    this.#enable();
    this.complain(problem('consent.changed'));
    this.#accepted.focus();
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

  /** Who has not allowed the camera yet sees first what others will see. */
  async #beginVideo() {
    if (this.#preview.passed || (await cameraAllowed())) this.#begin('video');
    else this.#preview.show(true);
  }

  get #consent() {
    return this.#adult.checked && this.#accepted.checked;
  }

  #enable() {
    const consent = this.#consent;
    this.#video.disabled = !consent || this.#problem !== null;
    this.#text.disabled = !consent;
    this.#hint.hidden = consent;
  }

  async #poll() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#poll(), pollInterval);
    if (document.hidden) return;
    try {
      const response = await fetch('/api/online');
      const { online } = await response.json();
      if (!this.#view.hidden) this.online(online);
    } catch {
      say(this.#online, '');
    }
  }
}
