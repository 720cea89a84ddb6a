// @ts-check
// What both like, at the top of the chat for as long as it lasts.

import { byId, make } from './dom.js';

/** @param {string[]} interests none: nothing is shown */
export function showCommon(interests) {
  const list = byId('common', HTMLUListElement);
  list.replaceChildren(...interests.map((interest) => {
    const item = make('li', interest);
    item.dir = 'auto';
    return item;
  }));
  list.hidden = interests.length === 0;
}
