// @ts-check
// A Next that was perhaps an accident: for two seconds it can be undone, before
// the server and the partner learn of it.

import { byId } from './dom.js';
import { settings } from './settings.js';

const grace = 2_000; // ms

export class Undo {
  #toast = byId('toast', HTMLElement);
  #hide;
  /** @type {(() => void) | null} */
  #act = null;
  #timer = 0;

  /** @param {(on: boolean) => void} hide the partner's picture and sound, meanwhile */
  constructor(hide) {
    this.#hide = hide;
    byId('undo', HTMLButtonElement).addEventListener('click', () => this.cancel());
  }

  /** Whether something can be undone. */
  get pending() {
    return this.#act !== null;
  }

  /** Does it in two seconds, unless it is undone; at once if it was asked for before. @param {() => void} act */
  ask(act) {
    if (this.pending) return this.confirm();
    if (!settings.get('undo')) return act();
    this.#act = act;
    this.#show(true);
    this.#timer = setTimeout(() => this.confirm(), grace);
  }

  /** Does it now. */
  confirm() {
    const act = this.#act;
    this.cancel();
    act?.();
  }

  /** Undoes it; also where it has become pointless. */
  cancel() {
    if (!this.pending) return;
    clearTimeout(this.#timer);
    this.#act = null;
    this.#show(false);
  }

  /**
   * Takes a key while something can be undone, and reports whether it was meant so.
   * @param {KeyboardEvent} event
   */
  key(event) {
    const { target, key } = event;
    const writes = target instanceof HTMLTextAreaElement && target.value !== '';
    const undoes = key.toLowerCase() === 'z' ? event.ctrlKey || event.metaKey : key.toLowerCase() === 'u' && !writes;
    if (!this.pending || event.repeat || event.isComposing) return false;
    if (undoes) this.cancel();
    else if (key === 'Escape' || (key === 'Enter' && !writes && !(target instanceof HTMLButtonElement))) this.confirm();
    else return false;
    return true;
  }

  /** @param {boolean} on */
  #show(on) {
    this.#hide(on);
    this.#toast.hidden = !on;
  }
}
