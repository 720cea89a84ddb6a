// @ts-check
// The cases that wait, the gravest first and of those the oldest.

import { byId, make, say } from './dom.js';
import { age, clock, count, reasons, state } from './text.js';

const list = byId('cases', HTMLOListElement);
const note = byId('queue-note', HTMLElement);

/**
 * @param {import('./types.js').Queue} queue
 * @param {(id: string) => void} open
 */
export function showQueue(queue, open) {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.id : undefined;
  list.replaceChildren(...queue.cases.map((k) => make('li', {}, row(k, queue.state.user, open))));
  if (focused) focusCase(focused);
  const waiting = queue.total === 0 ? 'No case waits.' : queue.cases.length < queue.total ? `${queue.cases.length} of ${count(queue.total, 'case')}.` : `${count(queue.total, 'case')}.`;
  say(note, `${waiting} ${pace(queue.state)}`);
}

/** @param {import('./types.js').State} state */
function pace({ left, rest }) {
  if (rest) return `You have seen a lot within an hour. Please take a break until ${clock(rest)}; the cases will be here.`;
  return left <= 10 ? `${count(left, 'more case')}, then it is time for a break.` : '';
}

/**
 * @param {import('./types.js').Case} k
 * @param {string} user
 * @param {(id: string) => void} open
 */
function row(k, user, open) {
  const reporters = Math.max(0, ...k.reports.map(({ reporter }) => reporter));
  const more = [`score ${k.score.toFixed(1)}`, count(reporters, 'reporter'), k.flags?.length ? count(k.flags.length, 'flag') : '', k.session ? 'still here' : 'has left', k.id];
  const button = make('button', {}, make('span', { class: 'gravity', is: k.gravity }, k.gravity), make('span', { class: 'what' }, reasons(k)), make('span', { class: 'age' }, age(k.opened)), make('span', { class: 'more' }, more.filter(Boolean).join(' · ')));
  const held = state(k, user);
  if (held) button.lastElementChild?.append(' · ', make('span', { class: 'state' }, held));
  button.type = 'button';
  button.dataset.id = k.id;
  button.addEventListener('click', () => open(k.id));
  return button;
}

function rows() {
  return [...list.querySelectorAll('button')];
}

/** Moves the focus in the list. @param {number} step */
export function step(step) {
  const all = rows();
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
}

/** Puts the focus on a case, else the first. @param {string} [id] */
export function focusCase(id) {
  const all = rows();
  (all.find((row) => row.dataset.id === id) ?? all[0] ?? byId('queue-title', HTMLElement)).focus();
}

export function clearQueue() {
  list.replaceChildren();
  say(note, '');
}
