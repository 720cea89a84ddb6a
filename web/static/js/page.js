// @ts-check
// What every page has: the theme switch and the choice of language. Both are
// hidden until this runs; without it the links at the foot of the page do.

import { prefer } from './preferences.js';
import { settings } from './settings.js';
import { chooseTheme, followTheme, themes } from './theme.js';

/** @typedef {import('./settings.js').Theme} Theme */

/** @param {HTMLElement} button whose data-auto, data-light and data-dark are its names */
function themeSwitch(button) {
  const show = (/** @type {Theme} */ theme) => {
    button.dataset.shows = theme;
    button.title = button.dataset[theme] ?? '';
    button.setAttribute('aria-label', button.title);
  };
  button.addEventListener('click', () => chooseTheme(themes[(themes.indexOf(settings.get('theme')) + 1) % themes.length]));
  settings.on('theme', show);
  show(settings.get('theme'));
  button.hidden = false;
}

/** @param {HTMLSelectElement} menu of themes */
function themeMenu(menu) {
  const show = (/** @type {Theme} */ theme) => void (menu.value = theme);
  menu.addEventListener('change', () => chooseTheme(/** @type {Theme} */ (menu.value)));
  settings.on('theme', show);
  show(settings.get('theme'));
}

/** @param {HTMLSelectElement} menu of languages */
function languageMenu(menu) {
  menu.value = document.documentElement.lang;
  menu.addEventListener('change', () => {
    remember(menu.value);
    location.assign(`?lang=${menu.value}`);
  });
  menu.hidden = false;
}

/** The language that the browser asks for first needs no cookie. @param {string} code */
function remember(code) {
  const asked = navigator.language.split('-')[0] === code;
  prefer('lang', asked ? '' : code);
}

followTheme();
const button = document.getElementById('theme');
if (button) themeSwitch(button);
for (const menu of document.querySelectorAll('select')) {
  if (menu.dataset.menu === 'theme') themeMenu(menu);
  if (menu.dataset.menu === 'language') languageMenu(menu);
}
for (const link of document.querySelectorAll('a')) {
  if (link.hreflang) link.addEventListener('click', () => remember(link.hreflang));
}
