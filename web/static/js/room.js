// @ts-check
// The chat view's frame: which view is shown, status line, banner and buttons.

import { byId, say } from './dom.js';
import { t } from './words.js';

/** @typedef {import('./types.js').Mode} Mode */
/** @typedef {import('./types.js').State} State */

/**
 * @typedef {object} RoomHandlers
 * @property {() => void} next
 * @property {() => void} stop
 * @property {() => void} report
 */

export class Room {
  #view = byId('chat', HTMLElement);
  #status = byId('status', HTMLElement);
  #banner = byId('banner', HTMLElement);
  #next = byId('next', HTMLButtonElement);
  #nextLabel = byId('next-label', HTMLElement);
  #stopLabel = byId('stop-label', HTMLElement);
  #report = byId('report', HTMLButtonElement);

  /** @param {RoomHandlers} handlers */
  constructor(handlers) {
    this.#next.addEventListener('click', () => handlers.next());
    byId('stop', HTMLButtonElement).addEventListener('click', () => handlers.stop());
    this.#report.addEventListener('click', () => handlers.report());
    addEventListener('keydown', (event) => {
      const elsewhere = this.#view.hidden || document.querySelector('dialog[open]') !== null;
      if (event.key !== 'Escape' || event.repeat || event.isComposing || elsewhere || this.#next.disabled) return;
      event.preventDefault();
      handlers.next();
    });
  }

  /** @param {State} state @param {Mode} mode */
  show(state, mode) {
    document.documentElement.dataset.state = state;
    this.#view.dataset.mode = mode;
    const hidden = state === 'start' || state === 'banned';
    const appears = this.#view.hidden && !hidden;
    this.#view.hidden = hidden;
    this.#next.disabled = state !== 'chatting' && state !== 'left';
    this.#nextLabel.textContent = state === 'left' ? t('new_chat') : t('next');
    this.#stopLabel.textContent = state === 'left' ? t('leave') : t('stop');
    if (hidden) this.banner('');
    if (appears) {
      scrollTo(0, 0);
      byId('stop', HTMLButtonElement).focus({ preventScroll: true });
    }
  }

  /** @param {boolean} can whether there is a chat to report */
  reportable(can) {
    this.#report.disabled = !can;
  }

  /** @param {string} text */
  status(text) {
    this.#status.textContent = text;
  }

  /** Says something about the connection; nothing if empty. @param {string} text */
  banner(text) {
    say(this.#banner, text);
  }
}
