// @ts-check
// The report dialog.

import { byId } from './dom.js';

/**
 * @typedef {object} Report
 * @property {string} pair
 * @property {string} reason
 * @property {string} note
 * @property {boolean} block
 */

/** @typedef {{now: string, before: string}} Pairs pairs that can be reported, '' if there is none */

export class ReportDialog {
  #dialog = byId('report-dialog', HTMLDialogElement);
  #form = byId('report-form', HTMLFormElement);
  #who = byId('report-who', HTMLFieldSetElement);
  #leave = byId('report-leave', HTMLElement);
  /** @type {Pairs} */
  #pairs = { now: '', before: '' };

  /**
   * @param {(report: Report) => void} send
   * @param {(pair: string) => void} block without a report
   * @param {() => void} closed the dialog is gone, reported or not
   */
  constructor(send, block, closed) {
    byId('report-cancel', HTMLButtonElement).addEventListener('click', () => this.close());
    byId('report-only-block', HTMLButtonElement).addEventListener('click', () => {
      block(this.#pair);
      this.close();
    });
    this.#dialog.addEventListener('close', closed);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      send({
        pair: this.#pair,
        reason: String(data.get('reason')),
        note: String(data.get('note')).trim(),
        block: data.has('block'),
      });
      this.close();
    });
  }

  /** The one that is chosen. */
  get #pair() {
    const { now, before } = this.#pairs;
    return now && new FormData(this.#form).get('who') === 'now' ? now : before;
  }

  get open() {
    return this.#dialog.open;
  }

  /** @param {Pairs} pairs */
  show({ now, before }) {
    if (!now && !before) return;
    this.#pairs = { now, before };
    this.#form.reset();
    this.#who.hidden = !(now && before);
    this.#leave.hidden = !now;
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }
}
