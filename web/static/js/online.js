// @ts-check
// How many strangers are online, and whether the server can be reached at all.

import { byId, explain, say } from './dom.js';
import { problem, t } from './words.js';

const interval = 15_000; // ms between two questions
const retry = 4_000; // ms, while there is no answer

export class Online {
  #count = byId('online', HTMLElement);
  #trouble = byId('reach', HTMLElement);
  #on = false;
  #timer = 0;

  constructor() {
    const again = () => {
      if (this.#on && !document.hidden) this.#ask();
    };
    document.addEventListener('visibilitychange', again);
    addEventListener('online', again);
    addEventListener('offline', again);
  }

  /** @param {number} count */
  show(count) {
    say(this.#count, t('online', { count }));
  }

  /** Asks now and then. */
  start() {
    this.#on = true;
    this.#ask();
  }

  stop() {
    this.#on = false;
    clearTimeout(this.#timer);
    this.#trouble.hidden = true;
  }

  async #ask() {
    clearTimeout(this.#timer);
    if (document.hidden) return; // until it is seen again
    const online = await count();
    if (!this.#on) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), online === null ? retry : interval);
    if (online === null) this.#fail(navigator.onLine ? 'unreachable' : 'offline');
    else {
      this.show(online);
      this.#trouble.hidden = true;
    }
  }

  /** @param {'unreachable' | 'offline'} why */
  #fail(why) {
    say(this.#count, '');
    if (this.#trouble.hidden || this.#trouble.dataset.why !== why) explain(this.#trouble, problem(why));
    this.#trouble.dataset.why = why;
  }
}

/** @returns {Promise<number | null>} null: no answer */
async function count() {
  if (!navigator.onLine) return null;
  try {
    const response = await fetch('/api/online', { signal: AbortSignal.timeout(10_000) });
    const { online } = await response.json();
    return typeof online === 'number' ? online : null;
  } catch {
    return null;
  }
}
