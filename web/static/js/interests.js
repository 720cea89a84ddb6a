// @ts-check
// The visitor's interests: up to ten tags, remembered on the device if possible.

import { byId, make } from './dom.js';
import { t } from './words.js';

const most = 10;
const longest = 32; // characters
const key = 'joingyd.interests';

export class Interests {
  #input = byId('interest-input', HTMLInputElement);
  #list = byId('interests', HTMLUListElement);
  #hint = byId('interest-hint', HTMLElement);
  /** @type {string[]} */
  #tags = [];

  constructor() {
    for (const tag of recall()) this.#add(tag);
    this.#draw();
    const input = this.#input;
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') {
        event.preventDefault();
        this.#take(input.value);
      } else if (event.key === 'Backspace' && input.value === '' && this.#tags.length > 0) {
        this.#remove(this.#tags.length - 1);
      }
    });
    input.addEventListener('input', () => {
      if (/[,，、;\n]/.test(input.value)) this.#take(input.value);
    });
    input.addEventListener('blur', () => this.#take(input.value));
    this.#list.parentElement?.addEventListener('click', (event) => {
      if (event.target === event.currentTarget) input.focus();
    });
  }

  /** The interests now, with one that is still being typed. */
  get all() {
    this.#take(this.#input.value);
    return [...this.#tags];
  }

  /** @param {string} text one or more tags, with commas between */
  #take(text) {
    if (text.trim() === '') return;
    const complaint = text.split(/[,，、;\n]/).map((tag) => this.#add(tag)).find(Boolean);
    this.#hint.textContent = complaint ?? t('interests.hint');
    this.#input.value = '';
    this.#draw();
    remember(this.#tags);
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
    this.#draw();
    remember(this.#tags);
    this.#input.focus();
  }

  #draw() {
    this.#list.replaceChildren(...this.#tags.map((tag, index) => {
      const item = make('li', tag);
      const button = make('button', '×');
      button.type = 'button';
      button.setAttribute('aria-label', t('interests.remove', { interest: tag }));
      button.addEventListener('click', () => this.#remove(index));
      item.append(button);
      return item;
    }));
    this.#input.placeholder = this.#tags.length > 0 ? '' : t('interests.example');
  }
}

/** @param {string} tag */
function fold(tag) {
  return tag.normalize('NFKC').toLowerCase().trim();
}

/** @returns {string[]} */
function recall() {
  try {
    const tags = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  } catch {
    return []; // storage is a convenience: it may be blocked
  }
}

/** @param {string[]} tags */
function remember(tags) {
  try {
    if (tags.length > 0) localStorage.setItem(key, JSON.stringify(tags));
    else localStorage.removeItem(key);
  } catch {
    // as above
  }
}
