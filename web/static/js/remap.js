// @ts-check
// Choosing the keys of the shortcuts: press a button, then the key.

import { byId } from './dom.js';
import { keyName } from './keyname.js';
import { settings, standardKeys } from './settings.js';
import { t } from './words.js';

/** @typedef {import('./settings.js').Action} Action */

const needed = ['Enter', ' ']; // to press buttons; Tab, which moves on, never gets here
const modifiers = ['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'Fn', 'Dead', 'Process'];
const off = ['Delete', 'Backspace'];
const none = /** @type {Record<Action, string>} */ (Object.fromEntries(Object.keys(standardKeys).map((action) => [action, ''])));

export class Remap {
  #said = byId('keys-said', HTMLElement);
  /** @type {Map<Action, HTMLButtonElement>} */
  #buttons = new Map();
  /** @type {Action | null} */
  #waiting = null; // for its key to be pressed

  constructor() {
    for (const button of byId('keys', HTMLElement).querySelectorAll('button')) {
      const action = /** @type {Action | undefined} */ (button.dataset.action);
      if (!action) continue;
      this.#buttons.set(action, button);
      button.addEventListener('click', () => this.#wait(action));
      button.addEventListener('blur', () => this.#wait(null));
      button.addEventListener('keydown', (event) => this.#key(event));
    }
    byId('keys-reset', HTMLButtonElement).addEventListener('click', () => settings.set('keys', { ...standardKeys }));
    byId('keys-off', HTMLButtonElement).addEventListener('click', () => settings.set('keys', none));
    settings.on('keys', () => this.#draw());
    this.#draw();
  }

  /** @param {Action | null} action */
  #wait(action) {
    this.#waiting = action;
    this.#said.textContent = action ? t('keys.press', { action: this.#name(action) }) : '';
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const action = this.#waiting;
    if (!action || event.key === 'Tab') return;
    event.preventDefault(); // Esc would close the dialog
    event.stopPropagation();
    const { repeat, ctrlKey, altKey, metaKey } = event;
    if (repeat || ctrlKey || altKey || metaKey || modifiers.includes(event.key)) return;
    const key = off.includes(event.key) ? '' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const keys = settings.get('keys');
    const rival = /** @type {Action[]} */ (Object.keys(keys)).find((other) => other !== action && key !== '' && keys[other] === key);
    if (needed.includes(key)) {
      this.#said.textContent = t('keys.needed');
    } else if (rival) {
      this.#said.textContent = t('keys.taken', { key: keyName(key), action: this.#name(rival) });
    } else {
      this.#wait(null);
      settings.set('keys', { ...keys, [action]: key });
      this.#said.textContent = t('keys.set', { key: keyName(key), action: this.#name(action) });
    }
  }

  /** @param {Action} action */
  #name(action) {
    return this.#buttons.get(action)?.querySelector('span')?.textContent ?? action;
  }

  #draw() {
    const keys = settings.get('keys');
    for (const [action, button] of this.#buttons) {
      const kbd = button.querySelector('kbd');
      if (kbd) kbd.textContent = action === this.#waiting ? t('keys.waiting') : keyName(keys[action]);
      button.classList.toggle('waiting', action === this.#waiting);
    }
  }
}
