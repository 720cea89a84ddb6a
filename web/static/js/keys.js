// @ts-check
// Keyboard shortcuts of the chat: one key each, which the visitor may change. They
// rest while something is written, but for those that write nothing, like Esc.

import { byId, make } from './dom.js';
import { keyName } from './keyname.js';
import { settings, standardKeys } from './settings.js';
import { t } from './words.js';

/** @typedef {import('./settings.js').Action} Action */

/** What each action presses or goes to. @type {Record<Action, string>} */
const targets = { next: 'next', stop: 'stop', mic: 'mic', camera: 'camera', full: 'full', blur: 'blur', write: 'message', report: 'report' };
const actions = /** @type {Action[]} */ (Object.keys(standardKeys));

export class Keys {
  #chat = byId('chat', HTMLElement);
  #help = byId('help', HTMLDialogElement);
  #first;
  #skip;

  /**
   * @param {(event: KeyboardEvent) => boolean} first takes a key before all others
   * @param {() => void} skip Next, by a key
   */
  constructor(first, skip) {
    this.#first = first;
    this.#skip = skip;
    byId('help-open', HTMLButtonElement).addEventListener('click', () => {
      this.#draw();
      this.#help.showModal();
    });
    byId('help-close', HTMLButtonElement).addEventListener('click', () => this.#help.close());
    this.#help.addEventListener('close', () => byId('more', HTMLButtonElement).focus()); // the menu that it came from is closed
    settings.on('keys', () => this.#label());
    this.#label();
    addEventListener('keydown', (event) => this.#pressed(event));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // What is open takes Esc for itself, and hides what the keys are for.
    if (this.#chat.hidden || document.querySelector('dialog[open], :popover-open')) return;
    if (this.#first(event)) return event.preventDefault();
    if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target instanceof Element && event.target.matches('input, select, textarea');
    if (field && [...event.key].length === 1) return;
    const keys = settings.get('keys');
    const action = actions.find((one) => keys[one] !== '' && keys[one].toLowerCase() === event.key.toLowerCase());
    if (!action) return;
    const target = byId(targets[action], HTMLElement);
    if (target.matches(':disabled') || target.closest('[hidden]')) return;
    event.preventDefault();
    if (action === 'next') this.#skip();
    else if (action === 'write') target.focus();
    else target.click();
  }

  /** Tells assistive technology, and whoever looks at the Next button. */
  #label() {
    const keys = settings.get('keys');
    for (const action of actions) {
      const target = byId(targets[action], HTMLElement);
      if (keys[action]) target.setAttribute('aria-keyshortcuts', keys[action]);
      else target.removeAttribute('aria-keyshortcuts');
    }
    const next = byId('next-key', HTMLElement);
    next.textContent = keyName(keys.next);
    next.hidden = keys.next === '';
  }

  #draw() {
    const keys = settings.get('keys');
    byId('help-keys', HTMLElement).replaceChildren(...actions.flatMap((action) => {
      const key = make('dd');
      key.append(keys[action] ? make('kbd', keyName(keys[action])) : t('keys.off'));
      return [make('dt', t(`keys.${action}`)), key];
    }));
  }
}
