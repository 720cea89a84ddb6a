// @ts-check
// Age and policy: what the visitor accepted, remembered by the policy's version.

import { byId } from './dom.js';
import { settings } from './settings.js';

export class Consent {
  #adult = byId('consent-adult', HTMLInputElement);
  #accepted = byId('consent-policy', HTMLInputElement);
  #version = byId('policy-version', HTMLElement);

  /** @param {() => void} changed a box was ticked, or not any more */
  constructor(changed) {
    for (const box of [this.#adult, this.#accepted]) box.addEventListener('change', changed);
    const before = settings.get('consent');
    if (before) this.#adult.checked = true;
    if (before === this.policy) this.#accepted.checked = true;
    this.outdated = before !== '' && before !== this.policy;
  }

  /** Version of the policy that the page asks consent to. */
  get policy() {
    return document.documentElement.dataset.policy ?? '';
  }

  get given() {
    return this.#adult.checked && this.#accepted.checked;
  }

  /** The visitor goes on with both boxes ticked. */
  remember() {
    settings.set('consent', this.policy);
  }

  /** Asks for consent to another version. @param {string} policy */
  ask(policy) {
    document.documentElement.dataset.policy = policy;
    this.#version.textContent = policy;
    this.#accepted.checked = false;
    this.#accepted.focus();
  }
}
