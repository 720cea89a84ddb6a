// @ts-check
// What was said and seen: lines, notes, stills.

import { byId, make, say, sayOrHide } from './dom.js';
import { bytes, forgetKey, hasKey, unseal, useKey } from './sealed.js';
import { age, clock, count } from './text.js';
import { still, veil } from './veil.js';

/** @typedef {{name: string, type: string, at: string, data: Uint8Array<ArrayBuffer>}} Part */

const pictures = ['image/jpeg', 'image/png', 'image/webp'];
const box = byId('evidence', HTMLElement);
const sealed = byId('sealed', HTMLElement);
const note = byId('sealed-note', HTMLElement);
const file = byId('key-file', HTMLInputElement);
const pasted = byId('key-text', HTMLInputElement);

let urls = /** @type {string[]} */ ([]);
let shown = /** @type {import('./types.js').Evidence | null} */ (null);

/** Takes everything off the page, and out of its memory. */
export function clearEvidence() {
  veil();
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
  shown = null;
  box.replaceChildren();
  sealed.hidden = true;
  file.value = pasted.value = '';
}

/**
 * @param {import('./types.js').Evidence} evidence
 * @param {boolean} opener whether the page can open what is sealed
 */
export function showEvidence(evidence, opener) {
  clearEvidence();
  shown = evidence;
  for (const part of evidence.parts) box.append(piece({ ...part, data: bytes(part.data) }));
  if (evidence.sealed.length > 0) {
    sealed.hidden = false;
    byId('sealed-key', HTMLElement).hidden = !opener || hasKey();
    sayOrHide(byId('sealed-command', HTMLElement), opener ? '' : `joingyd evidence open ${evidence.case} --identity moderator.key`);
    const what = `${count(evidence.sealed.length, 'piece')} of evidence ${evidence.sealed.length === 1 ? 'is' : 'are'} sealed for the moderators' keys.`;
    say(note, opener ? `${what} Your key opens ${evidence.sealed.length === 1 ? 'it' : 'them'} here, in your browser.` : `${what} This joingyd was built without what opens them in a browser; on your own machine, this does:`);
    if (opener && hasKey()) void open();
  } else if (evidence.parts.length === 0) {
    box.append(make('p', { class: 'soft' }, 'There is none: none came along, or it was lost at a restart.'));
  }
  mark(0);
}

async function open() {
  const evidence = shown;
  if (!evidence) return;
  const failed = [];
  const parts = [];
  for (const one of evidence.sealed) {
    try {
      parts.push(...(await unseal(one, evidence.case)));
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (shown !== evidence) return; // another case by now
  box.replaceChildren();
  for (const part of evidence.parts) box.append(piece({ ...part, data: bytes(part.data) }));
  for (const part of parts) if (part.name !== 'addresses') box.append(piece(part));
  mark(0);
  const keyBox = byId('sealed-key', HTMLElement);
  keyBox.hidden = failed.length === 0;
  if (failed.length > 0) {
    say(note, `${failed.length} of ${evidence.sealed.length} could not be opened with that key: ${failed[0]}`);
    if (parts.length === 0) forgetKey();
  } else {
    say(note, `${count(parts.length, 'part')} opened with your key.`);
  }
}

/** @param {string} text */
function take(text) {
  file.value = pasted.value = '';
  if (useKey(text)) void open();
  else say(note, 'That is no key of age: it begins with AGE-SECRET-KEY-1.');
}

export function watchKey() {
  file.addEventListener('change', async () => {
    const [chosen] = file.files ?? [];
    if (chosen) take(await chosen.slice(0, 100_000).text());
  });
  byId('key-use', HTMLElement).addEventListener('click', () => take(pasted.value));
  pasted.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') take(pasted.value);
  });
}

/** @param {Part} part */
function piece(part) {
  const article = make('div', { class: 'part' }, make('h3', {}, `${part.name}, ${age(part.at)}`));
  article.append(...content(part));
  return article;
}

/** @param {Part} part @returns {Node[]} */
function content(part) {
  if (pictures.includes(part.type)) return [still(part.data, part.type, part.name, (url) => urls.push(url))];
  const text = new TextDecoder().decode(part.data);
  if (part.type !== 'application/json' && !part.type.startsWith('text/plain')) return [make('p', {}, `${part.type}, ${count(part.data.length, 'byte')}; joingyd evidence open --out writes it into a file`)];
  let value = /** @type {unknown} */ (text);
  try {
    if (part.type === 'application/json') value = JSON.parse(text);
  } catch {} // shown as it is
  if (Array.isArray(value) && value.every((line) => line && typeof line.body === 'string')) return [make('ol', {}, ...value.map(line))];
  return [make('p', {}, typeof value === 'string' ? value : JSON.stringify(value, null, 1))];
}

/** @param {{from: string, at: string, body: string}} said */
function line({ from, at, body }) {
  return make('li', {}, make('span', { class: 'soft' }, `${clock(at)} `), make('span', { class: 'from', is: String(from) }, `${from}`), ' ', body);
}

/** Makes one still the current one, which Space shows. @param {number} step */
export function mark(step) {
  const parts = [...box.querySelectorAll('.part:has(.still)')];
  if (parts.length === 0) return;
  const at = parts.findIndex((part) => part.classList.contains('current'));
  const to = Math.min(parts.length - 1, Math.max(0, (at < 0 ? 0 : at) + step));
  veil();
  parts.forEach((part, i) => part.classList.toggle('current', i === to));
  if (step !== 0) parts[to].scrollIntoView({ block: 'nearest' });
}
