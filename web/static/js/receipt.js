// @ts-check
// The receipt of a visit, with which the visitor can show later that it was theirs. This
// tab keeps it until it is closed, and the settings show it.

import { byId } from './dom.js';

const storageKey = 'joingyd.receipt';

/** @param {string} receipt */
function show(receipt) {
  byId('visit-receipt', HTMLDivElement).hidden = !receipt;
  byId('visit-receipt-text', HTMLOutputElement).value = receipt;
}

/** Keeps that of the visit that has begun. @param {string | undefined} receipt undefined: the server gives none */
export function keepReceipt(receipt = '') {
  show(receipt);
  try {
    sessionStorage.setItem(storageKey, receipt);
  } catch {
    // No storage: it is there as long as the page is.
  }
}

/** Shows that of the last visit in this tab. */
export function showReceipt() {
  try {
    show(sessionStorage.getItem(storageKey) ?? '');
  } catch {
    // No storage, no last visit.
  }
}

/** Forgets it. */
export function forgetReceipt() {
  try {
    sessionStorage.removeItem(storageKey);
  } catch {
    // It was not there.
  }
}
