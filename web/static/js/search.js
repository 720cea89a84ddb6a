// @ts-check
// The search for a partner: when it starts or is tried again by itself, and what
// the visitor is told of it.

import * as words from './words.js';

const pause = 1_000; // ms between a partner's leaving and the next search
const retry = 2_000; // ms before a search that the server could not take is tried again

export class Search {
  inLine = false; // the server has said that it knows of the search
  #ask;
  #room;
  #chat;
  #on = false;
  #lonely = false; // the visitor was told that nobody else is here
  #online = 0;
  #timer = 0;

  /**
   * @param {() => void} ask sends the server a `find`
   * @param {import('./room.js').Room} room
   * @param {import('./chat.js').Chat} chat
   */
  constructor(ask, room, chat) {
    this.#ask = ask;
    this.#room = room;
    this.#chat = chat;
  }

  /** Tells the visitor that the search is on. */
  show() {
    this.stop();
    this.#on = true;
    this.#chat.system(words.looking);
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

  /** @param {number} count of visitors, this one included */
  online(count) {
    this.#online = count;
    if (!this.#on) return;
    const lonely = count <= 1;
    this.#room.status(lonely ? words.alone : words.looking);
    if (lonely && !this.#lonely) this.#chat.system(words.lonely);
    this.#lonely = lonely;
  }
}
