// @ts-check
// One chat with one stranger at a time: its pair, its call and what is written.

import { hide } from './action.js';
import { showCommon } from './common.js';
import { answer } from './still.js';
import * as words from './words.js';

/** @typedef {import('./types.js').ServerMessage} ServerMessage */

export class Encounter {
  #views;
  #video;
  #send;

  /**
   * @param {Pick<import('./types.js').Views, 'chat' | 'pairs' | 'stage'>} views
   * @param {import('./video.js').Video} video
   * @param {(message: {type: string, [field: string]: unknown}) => boolean} send
   */
  constructor(views, video, send) {
    this.#views = views;
    this.#video = video;
    this.#send = send;
  }

  /** Whether a message is about the chat of now. @param {ServerMessage} m */
  has(m) {
    return m.pair !== undefined && m.pair === this.#views.pairs.now;
  }

  /** Begins a chat in the place of any other. @param {ServerMessage} m the `matched` */
  begin(m) {
    const { chat, pairs } = this.#views;
    const pair = m.pair ?? '';
    this.end('seeking');
    pairs.begin(pair);
    chat.clear();
    chat.system(words.greeting(m.common ?? []));
    showCommon(m.common ?? []);
    chat.enable(true);
    if (m.mode !== 'video') return;
    this.#video.begin({
      polite: m.role !== 'impolite',
      ice: m.ice,
      signal: (message) => this.#send({ ...message, pair }),
    });
  }

  /** Takes the chat, if there is one, for over. @param {'none' | 'seeking'} picture what is shown instead */
  end(picture) {
    this.#video.end(picture);
    this.#views.chat.enable(false);
    this.#views.pairs.end();
    showCommon([]);
  }

  /**
   * Sends a message of the chat. A text that cannot go now goes after a resume.
   * @param {{type: 'text', id: string, body: string} | {type: 'typing', on: boolean}} message
   */
  say(message) {
    this.#send({ ...message, pair: this.#views.pairs.now });
  }

  /** Takes what the partner says, or what is asked about them, if it is the partner of now. @param {ServerMessage} m */
  receive(m) {
    if (!this.has(m)) return;
    if (m.type === 'description' || m.type === 'candidate') this.#video.receive(m);
    else if (m.type === 'snapshot') this.#still(m);
    else this.#views.chat.receive(m);
  }

  /** Has a still taken, or looked at. @param {ServerMessage} m */
  #still(m) {
    const { stage } = this.#views;
    answer(m, stage.video(m.of), () => this.has(m), (reason) => hide(stage, reason));
  }

  /** Sends again what may have been lost with a socket, as far as it still matters. @param {boolean} restarted with the relay */
  resume(restarted) {
    this.#video.resync(restarted);
    for (const { id, body } of this.#views.chat.pending) this.say({ type: 'text', id, body });
  }
}
