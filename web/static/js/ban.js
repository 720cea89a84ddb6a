// @ts-check
// The ban notice.

import { byId } from './dom.js';
import { longTime } from './words.js';

/** @typedef {import('./types.js').Ban} Ban */

export class BanView {
  #view = byId('ban-notice', HTMLElement);
  #reason = byId('ban-reason', HTMLElement);
  #until = byId('ban-until', HTMLElement);
  #by = byId('ban-by', HTMLElement);
  #appeal = byId('ban-appeal', HTMLAnchorElement);

  /** @param {() => void} lifted the visitor asked again, and the ban is over */
  constructor(lifted) {
    byId('ban-check', HTMLButtonElement).addEventListener('click', async () => {
      const ban = await fetchBan();
      if (ban) this.show(ban);
      else lifted();
    });
  }

  /** @param {Ban} ban */
  show(ban) {
    this.#reason.textContent = ban.reason || this.#reason.dataset.none || '';
    this.#until.textContent = ban.until ? longTime(ban.until) : this.#until.dataset.none || '';
    this.#by.hidden = true;
    for (const one of this.#view.querySelectorAll('dd')) {
      if (!one.dataset.by) continue;
      one.hidden = one.dataset.by !== ban.by;
      if (!one.hidden) this.#by.hidden = false;
    }
    this.#appeal.href = appealAddress(ban.appeal);
    this.#view.hidden = false;
    this.#view.focus();
  }

  hide() {
    this.#view.hidden = true;
  }
}

/**
 * The ban on this visitor's address, or null. No answer counts as no ban.
 * @returns {Promise<Ban | null>}
 */
export async function fetchBan() {
  try {
    const response = await fetch('/api/ban');
    const answer = await response.json();
    return answer.banned ? answer : null;
  } catch {
    return null;
  }
}

/**
 * Where to appeal: never a javascript: address, whoever sent it.
 * @param {string} [address]
 */
function appealAddress(address) {
  try {
    const url = new URL(address || '/appeal', location.href);
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : '/appeal';
  } catch {
    return '/appeal';
  }
}
