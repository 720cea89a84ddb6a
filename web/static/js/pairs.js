// @ts-check
// Which chat is going on, and which one before can still be reported.

const reportWindow = 60_000; // ms after a chat

export class Pairs {
  now = ''; // id, '' outside a chat
  before = ''; // id, '' if there is none or it is too long ago
  changed = () => {}; // called when a chat begins or ends
  #timer = 0;
  #reportable;

  /** @param {(can: boolean) => void} reportable whether there is a chat to report */
  constructor(reportable) {
    this.#reportable = reportable;
  }

  /** @param {string} pair */
  begin(pair) {
    this.now = pair;
    this.#tell();
    this.changed();
  }

  end() {
    if (!this.now) return;
    this.before = this.now;
    this.now = '';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.forget(), reportWindow);
    this.#tell();
    this.changed();
  }

  /** Forgets the chat before: its session is gone, or its time. */
  forget() {
    clearTimeout(this.#timer);
    this.before = '';
    this.#tell();
  }

  #tell() {
    this.#reportable(this.now !== '' || this.before !== '');
  }
}
