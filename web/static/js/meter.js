// @ts-check
// Watches the quality of a call, and shows it.

import { announce } from './announce.js';
import { byId } from './dom.js';
import { compare, judge, totals } from './quality.js';
import { settings } from './settings.js';
import { t } from './words.js';

/** @typedef {import('./quality.js').Level} Level */

const interval = 2_000; // ms

export class Meter {
  #peer;
  #box = byId('quality', HTMLElement);
  #offer = byId('poor', HTMLElement);
  #before = totals(new Map());
  /** @type {Level | null} what the last look said: it is shown when two in a row agree */
  #last = null;
  #timer = 0;

  /** @param {RTCPeerConnection} peer */
  constructor(peer) {
    this.#peer = peer;
    this.#timer = setInterval(() => this.#look(), interval);
  }

  close() {
    clearInterval(this.#timer);
    this.#box.hidden = this.#offer.hidden = true;
    delete this.#box.dataset.level;
  }

  async #look() {
    if (this.#peer.connectionState !== 'connected') return;
    const now = totals(await this.#peer.getStats());
    const sample = compare(this.#before, now);
    this.#before = now;
    if (!sample || this.#peer.connectionState !== 'connected') return;
    const level = judge(sample);
    if (level === this.#last) this.#show(level);
    this.#last = level;
  }

  /** @param {Level} level */
  #show(level) {
    if (level === 'poor' && this.#box.dataset.level !== 'poor') announce(t('quality.poor'));
    this.#box.hidden = false;
    this.#box.dataset.level = level;
    this.#box.title = t(`quality.${level}`);
    byId('quality-text', HTMLElement).textContent = t(`quality.${level}`);
    this.#offer.hidden = level !== 'poor' || settings.get('saver');
  }
}

/** The data saver, offered where the connection is poor. */
export function setUpSaverOffer() {
  byId('saver-take', HTMLButtonElement).addEventListener('click', () => {
    settings.set('saver', true);
    byId('poor', HTMLElement).hidden = true;
  });
}
