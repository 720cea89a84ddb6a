// @ts-check
// The proof of age: the pass that this browser has, and the check that this window has
// begun.

import { settings } from './settings.js';

/**
 * A check that is under way. The nonce goes nowhere but to this site, with the code.
 * @typedef {object} Begun
 * @property {string} state
 * @property {string} nonce
 * @property {string} back where the visitor wants to go afterwards, on this site
 * @property {string} [code] that they came back with
 */

const storageKey = 'joingyd.age';
const none = { text: '', until: '' };

/** The pass; '' if there is none that is good still. */
export function pass() {
  const { text, until } = settings.get('pass');
  return Date.parse(until) > Date.now() ? text : '';
}

/** Until when it is good, if it is. */
export function passEnds() {
  return pass() && settings.get('pass').until;
}

/** @param {string} text @param {string} until RFC 3339 */
export function keepPass(text, until) {
  settings.set('pass', { text, until });
}

export function dropPass() {
  settings.set('pass', none);
}

/** Remembers a check, and reports whether the browser lets us. @param {Begun} check */
export function begin(check) {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(check));
    return true;
  } catch {
    return false;
  }
}

/** The check that this window has begun, null if it has none. @returns {Begun | null} */
export function begun() {
  try {
    const check = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null');
    return typeof check?.state === 'string' && typeof check.nonce === 'string' ? check : null;
  } catch {
    return null;
  }
}

export function finish() {
  try {
    sessionStorage.removeItem(storageKey);
  } catch {
    // nor was anything kept
  }
}
