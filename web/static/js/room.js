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
 * @property {() => void} stopReport
 * @property {() => void} block
 */

export class Room {
  #view = byId('chat', HTMLElement);
  #status = byId('status', HTMLElement);
  #banner = byId('banner', HTMLElement);
  #next = byId('next', HTMLButtonElement);
  #nextLabel = byId('next-label', HTMLElement);
  #stopLabel = byId('stop-label', HTMLElement);
  #accuse = ['report', 'stop-report', 'block'].map((id) => byId(id, HTMLButtonElement));
  /** @type {State} */
  #state = 'start';

  /** @param {RoomHandlers} handlers */
  constructor(handlers) {
    this.#next.addEventListener('click', () => handlers.next());
    byId('stop', HTMLButtonElement).addEventListener('click', () => handlers.stop());
    const [report, stopReport, block] = this.#accuse;
    report.addEventListener('click', () => handlers.report());
    stopReport.addEventListener('click', () => handlers.stopReport());
    block.addEventListener('click', () => handlers.block());
  }

  get state() {
    return this.#state;
  }

  /** @param {State} state @param {Mode} mode */
  show(state, mode) {
    this.#state = document.documentElement.dataset.state = state;
    this.#view.dataset.mode = mode;
    const hidden = state === 'start' || state === 'banned';
    const appears = this.#view.hidden && !hidden;
    this.#view.hidden = hidden;
    this.#next.disabled = state !== 'chatting' && state !== 'left';
    this.#nextLabel.textContent = state === 'left' ? t('new_chat') : t('next');
    this.#stopLabel.textContent = state === 'left' ? t('leave') : t('stop');
    byId('online', HTMLElement).setAttribute('aria-live', hidden ? 'polite' : 'off'); // not while people talk
    if (hidden) {
      this.banner('');
      if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
      byId('menu', HTMLElement).hidePopover();
    }
    if (appears) {
      scrollTo(0, 0);
      byId('stop', HTMLButtonElement).focus({ preventScroll: true });
    }
  }

  /** @param {boolean} can whether there is a chat to report */
  reportable(can) {
    for (const button of this.#accuse) button.disabled = !can;
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
