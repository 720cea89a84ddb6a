// @ts-check
// Lines that came while the visitor looked elsewhere: counted in the window's title,
// and on a button that leads to them.

import { byId, say } from './dom.js';
import { language, t } from './words.js';

export class Unread {
  #button = byId('unread', HTMLButtonElement);
  #title = document.title;
  #count = 0;

  /** @param {() => void} go to the newest line */
  constructor(go) {
    this.#button.addEventListener('click', go);
  }

  add() {
    this.#show(this.#count + 1);
  }

  clear() {
    if (this.#count > 0) this.#show(0);
  }

  /** @param {number} count */
  #show(count) {
    this.#count = count;
    document.title = count > 0 ? `(${count.toLocaleString(language)}) ${this.#title}` : this.#title;
    say(this.#button, count > 0 ? t('unread', { count }) : '');
  }
}
