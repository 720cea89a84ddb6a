// @ts-check
// One case: what is said, and who has it.

import { byId, define, make, say, sayOrHide } from './dom.js';
import { age, clock, count, moment, reasons } from './text.js';

/** @param {import('./types.js').Case} k */
export function showCase(k) {
  say(byId('case-title', HTMLElement), `Case ${k.id}`);
  showClaim(k);
  const first = k.state === 'pending' ? k.decision : undefined;
  sayOrHide(byId('case-pending', HTMLElement), first ? `${first.by} decided “${first.do}” ${age(first.at)}: “${first.reason}”. It needs a second person: decide the same to confirm it, or something else.` : '');
  const minor = k.gravity === 'urgent';
  sayOrHide(byId('case-law', HTMLElement), minor ? `If this shows the abuse of a child, do not decide it yet: the law may want a report, and deciding deletes the evidence. joingyd reports ncmec ${k.id}` : '');
  define(byId('facts', HTMLElement), [
    ['gravity', make('span', { class: 'gravity', is: k.gravity }, k.gravity)],
    ['score', k.score.toFixed(1)],
    ['opened', `${moment(k.opened)}, ${age(k.opened)}`],
    ['visitor', k.session ? 'still here' : 'has left'],
    ['about', reasons(k)],
  ]);
  const said = k.reports.map((r) => make('li', {}, `Reporter ${r.reporter}: ${r.reason}, ${age(r.at)}, weight ${r.weight.toFixed(2)}`, r.lines ? `, ${count(r.lines, 'line')} of chat` : '', r.note ? ', a note' : ''));
  for (const f of k.flags ?? []) {
    said.push(make('li', {}, `A program: ${f.label} ${f.score.toFixed(2)}, ${age(f.at)}, viewer ${f.viewer}, own still: ${f.support}`, f.did?.length ? `, done at once: ${f.did.join(', ')}` : ''));
  }
  for (const b of k.appeal?.bans ?? []) {
    said.push(make('li', {}, `Appealed: ban ${b.id} (${b.scope}) by ${b.by}, ${b.until ? `until ${moment(b.until)}` : 'for good'}: “${b.reason}”`, b.prefix ? `, on all of ${b.prefix}` : ''));
  }
  if (k.more) said.push(make('li', {}, `and ${count(k.more, 'more report')}`));
  byId('said', HTMLElement).replaceChildren(...said);
}

/** @param {import('./types.js').Case} k */
export function showClaim(k) {
  say(byId('case-claim', HTMLElement), k.claim ? `Yours until ${clock(k.claim.until)}, and longer while you look at it.` : '');
}

export function clearCase() {
  for (const id of ['case-title', 'case-claim', 'case-pending', 'case-law', 'facts', 'said']) byId(id, HTMLElement).replaceChildren();
}
