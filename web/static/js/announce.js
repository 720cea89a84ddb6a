// @ts-check
// What is said to those who listen to the page instead of looking at it.

import { byId } from './dom.js';

const lasts = 4_000; // ms: the same may be said again after that

let timer = 0;

/** Says something when the screen reader has finished what it says. @param {string} text */
export function announce(text) {
  const region = byId('said', HTMLElement);
  region.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => region.replaceChildren(), lasts);
}
