// @ts-check
// Suggestions for what is being typed, by the combobox pattern of the ARIA
// Authoring Practices Guide. They come from this device and the page; nothing is
// sent anywhere.

import { byId, make } from './dom.js';
import { settings } from './settings.js';

const most = 8;

/**
 * @typedef {object} Source
 * @property {() => string[]} all the best first
 * @property {() => string[]} taken what need not be suggested again
 * @property {(text: string) => void} choose
 */

export class Suggestions {
  #box = byId('suggestions', HTMLElement);
  #list = byId('suggestion-list', HTMLUListElement);
  #forget = byId('suggestions-forget', HTMLButtonElement);
  #input;
  #source;
  #active = -1;

  /** @param {HTMLInputElement} input @param {Source} source */
  constructor(input, source) {
    this.#input = input;
    this.#source = source;
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', this.#list.id);
    this.#close();
    input.addEventListener('focus', () => this.#open());
    input.addEventListener('click', () => this.#open());
    input.addEventListener('input', () => this.#open());
    input.addEventListener('keydown', (event) => this.#key(event));
    this.#box.addEventListener('pointerdown', (event) => event.preventDefault()); // the input keeps the focus
    this.#list.addEventListener('click', (event) => {
      const option = event.target instanceof Element && event.target.closest('li');
      if (option) this.#choose(option.textContent);
    });
    this.#forget.addEventListener('click', () => {
      settings.set('used', []);
      input.focus();
      this.#open();
    });
    addEventListener('focusin', (event) => {
      const { target } = event;
      if (target !== input && !(target instanceof Node && this.#box.contains(target))) this.#close();
    });
    addEventListener('pointerdown', (event) => {
      const inside = event.target instanceof Node && (this.#box.contains(event.target) || input.contains(event.target));
      if (!inside) this.#close();
    });
  }

  #open() {
    const typed = fold(this.#input.value);
    const seen = new Set(this.#source.taken().map(fold));
    const fitting = this.#source.all().filter((text) => {
      const key = fold(text);
      if (seen.has(key) || !` ${key}`.includes(` ${typed}`)) return false;
      return seen.add(key);
    });
    this.#list.replaceChildren(...fitting.slice(0, most).map((text, i) => {
      const option = make('li', text);
      option.id = `suggestion-${i}`;
      option.role = 'option';
      return option;
    }));
    this.#mark(-1);
    this.#forget.hidden = settings.get('used').length === 0;
    this.#show(fitting.length > 0);
  }

  #close() {
    this.#mark(-1);
    this.#show(false);
  }

  /** @param {boolean} on */
  #show(on) {
    this.#box.hidden = !on;
    this.#input.setAttribute('aria-expanded', String(on));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const options = this.#list.children;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault();
        if (this.#box.hidden) this.#open();
        const places = options.length + 1; // one for the text itself
        const step = event.key === 'ArrowDown' ? 1 : -1;
        this.#mark(((this.#active + 1 + step + places) % places) - 1);
        return;
      }
      case 'Enter':
        if (this.#active < 0) return this.#close();
        event.preventDefault();
        return this.#choose(options[this.#active].textContent ?? '');
      case 'Escape':
        if (this.#box.hidden) return;
        event.preventDefault();
        return this.#close();
    }
  }

  /** @param {string} text */
  #choose(text) {
    this.#input.value = '';
    this.#source.choose(text);
    this.#close();
  }

  /** @param {number} index -1 for none */
  #mark(index) {
    this.#active = index;
    for (const [i, option] of [...this.#list.children].entries()) option.setAttribute('aria-selected', String(i === index));
    const option = this.#list.children[index];
    if (option) this.#input.setAttribute('aria-activedescendant', option.id);
    else this.#input.removeAttribute('aria-activedescendant');
    option?.scrollIntoView({ block: 'nearest' });
  }
}

/** What makes two interests the same. @param {string} text */
export function fold(text) {
  return text.normalize('NFKC').toLowerCase().trim();
}
