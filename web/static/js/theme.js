// @ts-check
// Light, dark, or what the device prefers.

import { prefer, preference } from './preferences.js';
import { settings } from './settings.js';

/** @typedef {import('./settings.js').Theme} Theme */

/** @type {Theme[]} */
export const themes = ['auto', 'light', 'dark'];

/** Shows the theme that was chosen, also where the browser keeps no cookie, and goes along with the device. */
export function followTheme() {
  const chosen = /** @type {Theme} */ (preference('theme'));
  if (themes.includes(chosen) && chosen !== settings.get('theme')) settings.set('theme', chosen);
  settings.on('theme', show);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', colourFrame);
  if (settings.get('theme') !== (document.documentElement.dataset.theme ?? 'auto')) show(settings.get('theme'));
}

/** Takes the visitor's choice. @param {Theme} theme */
export function chooseTheme(theme) {
  prefer('theme', theme === 'auto' ? '' : theme);
  settings.set('theme', theme);
}

/** @param {Theme} theme */
function show(theme) {
  const { dataset } = document.documentElement;
  if (theme === 'auto') delete dataset.theme;
  else dataset.theme = theme;
  const scheme = document.querySelector('meta[name="color-scheme"]');
  scheme?.setAttribute('content', theme === 'auto' ? 'light dark' : theme);
  colourFrame();
}

/** Gives what the browser draws around the page the colour of the page. */
function colourFrame() {
  const [first, ...others] = document.querySelectorAll('meta[name="theme-color"]');
  for (const other of others) other.remove();
  first?.removeAttribute('media');
  first?.setAttribute('content', getComputedStyle(document.documentElement).backgroundColor);
}
