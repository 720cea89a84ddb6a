// @ts-check
// What keys are called.

import { t } from './words.js';

/** What is on a key. @param {string} key as in KeyboardEvent.key */
export function keyName(key) {
  const names = { Escape: 'Esc', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', '': t('keys.off') };
  return names[/** @type {keyof typeof names} */ (key)] ?? (key.length === 1 ? key.toUpperCase() : key);
}
