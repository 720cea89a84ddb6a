// @ts-check
// The languages that the visitor speaks, the favourite first. Strangers who share
// one are paired; at first they are those of the browser.

import { byId, make, removable } from './dom.js';
import { settings } from './settings.js';
import { language, list, t } from './words.js';

const most = 5; // as many as the server counts
const offered =
  'ar bg bn ca cs da de el en es et fa fi fil fr gu he hi hr hu id is it ja ka kk ko lt lv ml mr ms nb nl pa pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh'.split(' ');

/** Codes of the languages that the visitor speaks, for the server. */
export function spoken() {
  const chosen = settings.get('languages').filter((code) => /^[a-z]{2,3}$/.test(code));
  return (chosen.length > 0 ? chosen : ofBrowser()).slice(0, most);
}

export class Speaks {
  #summary = byId('speaks-now', HTMLElement);
  #list = byId('speaks', HTMLUListElement);
  #menu = byId('speaks-add', HTMLSelectElement);

  constructor() {
    this.#menu.addEventListener('change', () => {
      if (this.#menu.value) this.#set([...spoken(), this.#menu.value]);
    });
    settings.on('languages', () => this.#draw());
    this.#draw();
  }

  /** @param {string[]} codes */
  #set(codes) {
    settings.set('languages', codes.join() === ofBrowser().join() ? [] : codes);
  }

  #draw() {
    const now = spoken();
    this.#summary.textContent = list(now.map(name));
    this.#list.replaceChildren(...now.map((code) => {
      if (now.length === 1) return make('li', name(code)); // the last one stays
      return removable(name(code), t('speaks.remove', { language: name(code) }), () => {
        this.#set(now.filter((other) => other !== code));
        this.#menu.focus();
      });
    }));
    const others = offered.filter((code) => !now.includes(code)).map((code) => /** @type {const} */ ([name(code), code]));
    others.sort(([a], [b]) => a.localeCompare(b, language));
    const [prompt] = this.#menu.options;
    this.#menu.replaceChildren(prompt, ...others.map(([text, code]) => {
      const option = make('option', text);
      option.value = code;
      return option;
    }));
    this.#menu.selectedIndex = 0;
    this.#menu.disabled = now.length >= most;
  }
}

/** Without regions, which keep nobody apart. */
function ofBrowser() {
  const bases = navigator.languages.map((tag) => tag.split('-')[0].toLowerCase());
  return [...new Set(bases)].slice(0, most);
}

/** @param {string} code */
function name(code) {
  return new Intl.DisplayNames(language, { type: 'language' }).of(code) ?? code;
}
