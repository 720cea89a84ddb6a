// @ts-check
// The search for a partner: when it starts or is tried again by itself, and what
// the visitor is told of it.

import { Challenge } from './challenge.js';
import { dropPass, pass } from './pass.js';
import { t } from './words.js';

const pause = 1_000; // ms between a partner's leaving and the next search
const retry = 2_000; // ms before a search that the server could not take is tried again

export class Search {
  inLine = false; // the server has said that it knows of the search
  stuck = false; // the last challenge was one that this page does not know
  #ask;
  #answer;
  #views;
  #on = false;
  #lonely = false; // the visitor was told that nobody else is here
  #online = 0; // as the server last told
  #checking = false; // the server wants a challenge answered first
  #challenge;
  #timer = 0;

  /**
   * @param {() => void} ask sends the server a `find`
   * @param {import('./challenge.js').Send} answer sends it an `answer`
   * @param {Pick<import('./types.js').Views, 'start' | 'room' | 'chat'>} views
   */
  constructor(ask, answer, views) {
    this.#ask = ask;
    this.#answer = answer;
    this.#challenge = new Challenge(answer);
    this.#views = views;
  }

  /** Tells the visitor that the search is on. */
  show() {
    this.stop();
    this.#on = true;
    this.#views.chat.system(t('looking'));
    this.online(this.#online);
  }

  /** Asks the server for a partner. */
  ask() {
    this.inLine = false;
    this.#ask();
  }

  /**
   * Answers a challenge that stopped the search, and asks again.
   * @param {import('./types.js').ServerMessage} m
   */
  async challenged(m) {
    if (m.kind === 'age') return this.#prove(m);
    this.stuck = !Challenge.known(m);
    if (!this.#on || this.stuck) return;
    this.#check(true);
    if (!(await this.#challenge.answer(m)) || !this.#on) return;
    this.#check(false);
    this.ask();
  }

  /**
   * Shows a proof of age and asks again, or takes the visitor to where there is one.
   * @param {import('./types.js').ServerMessage} m
   */
  #prove({ data }) {
    const text = pass();
    this.stuck = !text && !(data && this.#on && this.#views.start.age.leave(data));
    if (text) {
      this.#answer({ type: 'answer', kind: 'age', data: { pass: text } });
      this.ask();
    } else if (!this.stuck) {
      this.#views.room.status(t('age.leaving'));
    }
  }

  /**
   * Whether an error stops the search. A pass that is no longer good is forgotten.
   * @param {import('./types.js').ServerMessage} m
   */
  stopped({ re, code }) {
    if (code === 'pass_refused') dropPass();
    return re === 'find' || code === 'pass_refused' || code === 'pass_in_use';
  }

  /** @param {boolean} on */
  #check(on) {
    this.#checking = on;
    this.online(this.#online);
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
    this.#challenge.stop();
    this.#on = this.#lonely = this.#checking = this.inLine = false;
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
    if (this.#checking) return this.#views.room.status(t('checking'));
    const lonely = count <= 1;
    this.#views.room.status(lonely ? t('alone') : t('looking'));
    if (lonely && !this.#lonely) this.#views.chat.system(t('lonely'));
    this.#lonely = lonely;
  }
}
