// @ts-check
// The whole screen for the chat, a window of its own for the partner's picture, and
// a screen that stays on.

import { byId } from './dom.js';
import { t } from './words.js';

/** Full screen, with the bar in it: nobody is shut in with a stranger. */
export function setUpFullScreen() {
  const chat = byId('chat', HTMLElement);
  const button = byId('full', HTMLButtonElement);
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener('click', () => {
    const changed = document.fullscreenElement ? document.exitFullscreen() : chat.requestFullscreen();
    changed.catch(() => {}); // the browser would not: everything stays as it is
  });
  document.addEventListener('fullscreenchange', () => {
    const on = document.fullscreenElement !== null;
    button.setAttribute('aria-pressed', String(on));
    button.setAttribute('aria-label', on ? t('full.off') : t('full.on'));
  });
}

/** Picture in picture, where the browser has it. */
export function setUpPictureInPicture() {
  const video = byId('remote-video', HTMLVideoElement);
  const button = byId('pip', HTMLButtonElement);
  button.hidden = !document.pictureInPictureEnabled;
  button.addEventListener('click', () => {
    const veiled = byId('stage', HTMLElement).dataset.veil !== '';
    const changed = document.pictureInPictureElement ? document.exitPictureInPicture() : veiled ? null : video.requestPictureInPicture();
    changed?.catch(() => {}); // there is no picture yet
  });
  video.addEventListener('enterpictureinpicture', () => button.setAttribute('aria-pressed', 'true'));
  video.addEventListener('leavepictureinpicture', () => button.setAttribute('aria-pressed', 'false'));
}

/** Keeps the screen from going dark. */
export class WakeLock {
  #held = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // The browser takes it back from a page that is out of sight.
    document.addEventListener('visibilitychange', () => this.#ask());
  }

  hold() {
    this.#held = true;
    this.#ask();
  }

  release() {
    this.#held = false;
    this.#lock?.release().catch(() => {});
    this.#lock = null;
  }

  async #ask() {
    if (!this.#held || document.hidden || !navigator.wakeLock) return;
    try {
      const lock = await navigator.wakeLock.request('screen');
      if (this.#held && (this.#lock?.released ?? true)) this.#lock = lock;
      else await lock.release(); // the call is over, or another request was answered first
    } catch {
      // an empty battery, say: the screen may go dark then
    }
  }
}
