// @ts-check
// Answers challenges: work that the server wants done before it takes a search.

import { canSolve, solve } from './work.js';

/** @typedef {import('./types.js').ServerMessage} ServerMessage */
/** @typedef {(answer: {type: 'answer', kind: 'work' | 'age', data: {salt: string, nonce: number} | {pass: string}}) => void} Send */

export class Challenge {
  #send;
  #salt = ''; // of the challenge that is or was worked on
  #nonce = -1; // its answer, once found
  #working = new AbortController();

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** Whether it is one that this page can answer. @param {ServerMessage} m */
  static known({ kind, data }) {
    return kind === 'work' && canSolve(data);
  }

  /**
   * Works on a known challenge and answers it. The same one may come again while
   * it is open.
   * @param {ServerMessage} m
   * @returns {Promise<boolean>} whether it was answered, now; not if it is being worked on already, or was stopped
   */
  async answer({ data }) {
    if (!data) return false;
    if (data.salt !== this.#salt) {
      this.stop();
      this.#salt = data.salt;
      try {
        const nonce = await solve(data, this.#working.signal);
        if (data.salt !== this.#salt) return false;
        this.#nonce = nonce;
      } catch {
        return false; // stopped
      }
    }
    if (this.#nonce < 0) return false;
    this.#send({ type: 'answer', kind: 'work', data: { salt: data.salt, nonce: this.#nonce } });
    return true;
  }

  /** Stops working. */
  stop() {
    this.#working.abort();
    this.#working = new AbortController();
    this.#salt = '';
    this.#nonce = -1;
  }
}
