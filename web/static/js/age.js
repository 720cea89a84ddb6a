// @ts-check
// What the start page says of the proof of age, where the site wants one, and the way
// to who checks it.

import { byId } from './dom.js';
import { begin, pass, passEnds } from './pass.js';
import { settings } from './settings.js';
import { shortTime, t } from './words.js';

/** @typedef {import('./types.js').Mode} Mode */

export class Age {
  #note = document.getElementById('age') && byId('age', HTMLElement); // null: the site wants none
  #wanted = [...(this.#note?.childNodes ?? [])];

  constructor() {
    settings.on('pass', () => this.#show());
    this.#show();
  }

  /** Whether the visitor has to prove their age before such a chat. @param {Mode} mode */
  needed(mode) {
    return this.#note !== null && (mode === 'video' || this.#note.dataset.scope === 'all') && !pass();
  }

  /**
   * Goes to who checks it, and reports whether that can be. A page that never said that
   * it would goes nowhere.
   * @param {import('./types.js').AgeData} challenge
   */
  leave({ url, state, nonce }) {
    if (!this.#note || !/^https?:/.test(url) || !begin({ state, nonce, back: location.pathname + location.search })) return false;
    location.assign(url);
    return true;
  }

  #show() {
    const until = passEnds();
    if (until) this.#note?.replaceChildren(t('age.proven', { until: shortTime(until) }));
    else this.#note?.replaceChildren(...this.#wanted);
  }
}
