// @ts-check
// Which chat is going on, and which one before can still be reported: with what was
// said in it, which nobody else has any more.

const reportWindow = 60_000; // ms after a chat
const mostLines = 40; // of each

/** @typedef {{from: 'me' | 'them', order: number, at: string, body: string, proof: string}} Line a line, as the server vouches for it */

export class Pairs {
  now = ''; // id, '' outside a chat
  before = ''; // id, '' if there is none or it is too long ago
  changed = () => {}; // called when a chat begins or ends
  /** @type {Line[]} */
  #lines = []; // of the chat of now
  /** @type {Line[]} */
  #linesBefore = [];
  #timer = 0;
  #reportable;

  /** @param {(can: boolean) => void} reportable whether there is a chat to report */
  constructor(reportable) {
    this.#reportable = reportable;
  }

  /** @param {string} pair */
  begin(pair) {
    this.now = pair;
    this.#lines = [];
    this.#tell();
    this.changed();
  }

  end() {
    if (!this.now) return;
    this.before = this.now;
    this.#linesBefore = this.#lines;
    this.now = '';
    this.#lines = [];
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.forget(), reportWindow);
    this.#tell();
    this.changed();
  }

  /** Forgets the chat before: its session is gone, or its time. */
  forget() {
    clearTimeout(this.#timer);
    this.before = '';
    this.#linesBefore = [];
    this.#tell();
  }

  /** Keeps a line of the chat of now. @param {Line} line */
  keep(line) {
    this.#lines.push(line);
    if (this.#lines.length > mostLines) this.#lines.shift();
  }

  /** The last lines of a chat that is over. @param {string} pair */
  linesOf(pair) {
    return pair !== '' && pair === this.before ? this.#linesBefore : [];
  }

  #tell() {
    this.#reportable(this.now !== '' || this.before !== '');
  }
}
