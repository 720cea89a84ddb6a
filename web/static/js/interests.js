// @ts-check
// The visitor's interests: up to ten tags, remembered on the device.

import { byId, removable } from './dom.js';
import { settings } from './settings.js';
import { Suggestions, fold } from './suggest.js';
import { t } from './words.js';

const most = 10;
const longest = 32; // characters
const mostUsed = 30;
const between = /[,，、،;\n]/;

export class Interests {
  #input = byId('interest-input', HTMLInputElement);
  #list = byId('interests', HTMLUListElement);
  #hint = byId('interest-hint', HTMLElement);
  #suggestions;
  /** @type {string[]} */
  #tags = [];

  constructor() {
    for (const tag of settings.get('interests')) this.#add(tag);
    this.#suggestions = new Suggestions(this.#input, {
      all: () => [...settings.get('used'), ...t('interests.some').split(between).map((tag) => tag.trim())],
      taken: () => this.#tags,
      choose: (tag) => this.#take(tag),
    });
    this.#draw();
    const input = this.#input;
    input.addEventListener('keydown', (event) => {
      if (event.isComposing || event.defaultPrevented) return;
      if (event.key === 'Enter') {
        event.preventDefault();
        this.#take(input.value);
      } else if (event.key === 'Backspace' && input.value === '' && this.#tags.length > 0) {
        this.#remove(this.#tags.length - 1);
      }
    });
    input.addEventListener('input', () => {
      if (between.test(input.value)) this.#take(input.value);
    });
    input.addEventListener('blur', () => this.#take(input.value));
    this.#list.parentElement?.addEventListener('click', (event) => {
      if (event.target === event.currentTarget) input.focus();
    });
    if (input.value) this.#take(input.value); // typed before the scripts came
  }

  /** The interests now, with one that is still being typed. */
  get all() {
    this.#take(this.#input.value);
    return [...this.#tags];
  }

  /** @param {string} text one or more tags, with commas between */
  #take(text) {
    if (text.trim() === '') return;
    const before = this.#tags.length;
    const complaint = text.split(between).map((tag) => this.#add(tag)).find(Boolean);
    this.#hint.textContent = complaint ?? t('interests.hint');
    this.#input.value = '';
    this.#changed();
    const fresh = this.#tags.slice(before).reverse();
    const old = settings.get('used').filter((tag) => !fresh.some((other) => fold(other) === fold(tag)));
    if (fresh.length > 0) settings.set('used', [...fresh, ...old].slice(0, mostUsed));
  }

  /**
   * @param {string} text
   * @returns {string | undefined} why it cannot be added
   */
  #add(text) {
    const tag = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
    const known = this.#tags.some((other) => fold(other) === fold(tag));
    if (tag === '' || fold(tag) === '' || known) return;
    if ([...tag].length > longest) return t('interests.too_long', { most: longest });
    if (this.#tags.length >= most) return t('interests.most', { most });
    this.#tags.push(tag);
  }

  /** @param {number} index */
  #remove(index) {
    this.#tags.splice(index, 1);
    this.#changed();
    this.#input.focus();
  }

  #changed() {
    this.#draw();
    settings.set('interests', this.#tags);
  }

  #draw() {
    this.#list.replaceChildren(...this.#tags.map((tag, index) => removable(tag, t('interests.remove', { interest: tag }), () => this.#remove(index))));
    this.#input.placeholder = this.#tags.length > 0 ? '' : t('interests.example');
  }
}
