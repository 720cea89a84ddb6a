// @ts-check
// The search for a partner: when it starts or is tried again by itself, and what
// the visitor is told of it.

import * as words from './words.js';

const pause = 1_000; // ms between a partner's leaving and the next search
const retry = 2_000; // ms before a search that the server could not take is tried again

export class Search {
  inLine = false; // the server has said that it knows of the search
  #ask;
  #views;
  #on = false;
  #lonely = false; // the visitor was told that nobody else is here
  #online = 0; // as the server last told
  #timer = 0;

  /**
   * @param {() => void} ask sends the server a `find`
   * @param {Pick<import('./types.js').Views, 'start' | 'room' | 'chat'>} views
   */
  constructor(ask, views) {
    this.#ask = ask;
    this.#views = views;
  }

  /** Tells the visitor that the search is on. */
  show() {
    this.stop();
    this.#on = true;
    this.#views.chat.system(words.looking);
    this.online(this.#online);
  }

  /** Asks the server for a partner. */
  ask() {
    this.inLine = false;
    this.#ask();
  }

  /** Asks again in a while. */
  askLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), retry);
  }

  /** Calls begin after a pause, if nothing else happens before. @param {() => void} begin */
  soon(begin) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(begin, pause);
  }

  /** Neither searches nor will by itself. */
  stop() {
    clearTimeout(this.#timer);
    this.#on = this.#lonely = this.inLine = false;
  }

  /** Ends the search. The last count may be from before the partner came. */
  found() {
    this.stop();
    this.#views.start.online(Math.max(this.#online, 2));
  }

  /** @param {number} [count] of visitors, this one included */
  online(count = 0) {
    this.#online = count;
    this.#views.start.online(count);
    if (!this.#on) return;
    const lonely = count <= 1;
    this.#views.room.status(lonely ? words.alone : words.looking);
    if (lonely && !this.#lonely) this.#views.chat.system(words.lonely);
    this.#lonely = lonely;
  }
}
