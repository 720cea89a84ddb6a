// @ts-check
// A decision: what, why, a line that says it again, and what came of it.

import { ofCase, post, Refusal } from './api.js';
import { byId, make, say } from './dom.js';
import { action, count, moment, picks } from './text.js';

const buttons = byId('actions', HTMLElement);
const form = byId('decision', HTMLFormElement);
const reason = byId('reason', HTMLInputElement);
const length = byId('how-long', HTMLInputElement);
const shared = byId('shared', HTMLInputElement);
const confirm = byId('confirm', HTMLElement);
const yes = byId('confirm-yes', HTMLButtonElement);

let about = /** @type {import('./types.js').Case | null} */ (null);
let chosen = '';
let force = false;
let opener = /** @type {HTMLElement | null} */ (null);

/** What may be decided about a case. @param {import('./types.js').Case} k */
export function showActions(k) {
  clearDecision();
  about = k;
  byId('reasons', HTMLElement).replaceChildren(...picks(k).map((text) => Object.assign(document.createElement('option'), { value: text })));
  buttons.replaceChildren(
    ...choices().map(({ name, key, run }) => {
      const button = make('button', {}, name, make('kbd', {}, key));
      button.type = 'button';
      button.addEventListener('click', run);
      return button;
    }),
  );
}

/** What may be decided, by key. */
export function choices() {
  return (about?.actions ?? []).map((what, i) => {
    const { key, name, does } = action(what, i);
    return { key, name, does, run: () => choose(what, does) };
  });
}

/** @param {string} what @param {string} does */
function choose(what, does) {
  chosen = what;
  force = false;
  opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  confirm.hidden = true;
  say(byId('decision-does', HTMLElement), does);
  say(byId('reason-hint', HTMLElement), ['dismiss', 'end'].includes(what) ? 'for who looks at it later' : 'whom it is about may read it');
  byId('ban-options', HTMLElement).hidden = what !== 'ban';
  form.hidden = false;
  reason.focus();
}

/** Steps back once: from the question to the form, and out of it. @returns {boolean} whether there was a step */
export function back() {
  if (!confirm.hidden) {
    confirm.hidden = true;
    force = false;
    reason.focus();
    return true;
  }
  if (form.hidden) return false;
  form.hidden = true;
  (opener?.isConnected && opener !== document.body ? opener : byId('case-title', HTMLElement)).focus();
  return true;
}

export function clearDecision() {
  about = opener = null;
  chosen = '';
  force = false;
  form.reset();
  form.hidden = confirm.hidden = true;
  buttons.replaceChildren();
}

/** @param {string} text @param {string} label of the button */
function ask(text, label) {
  say(byId('confirm-text', HTMLElement), text);
  yes.replaceChildren(label, ' ', make('kbd', {}, 'Enter'));
  confirm.hidden = false;
  yes.focus();
}

/**
 * @param {(result: import('./types.js').Result, text: string) => void} done
 * @param {(error: unknown) => void} fail
 */
export function watchDecision(done, fail) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const why = reason.value.trim();
    if (!why) return fail('Say why, in a few words.');
    const time = chosen === 'ban' ? (length.value.trim() ? ` for ${length.value.trim()}` : ' for the next of the steps') : '';
    ask(`${action(chosen, 0).name}${time}${chosen === 'ban' && shared.checked ? ', shared address' : ''}: “${why}”?`, 'Yes');
  });
  byId('decision-cancel', HTMLElement).addEventListener('click', back);
  byId('confirm-no', HTMLElement).addEventListener('click', back);
  yes.addEventListener('click', async () => {
    if (!about || yes.disabled) return;
    const ban = chosen === 'ban';
    const request = { do: chosen, reason: reason.value.trim(), ...(ban && length.value.trim() && { for: length.value.trim() }), ...(ban && shared.checked && { shared: true }), ...(force && { force: true }) };
    yes.disabled = true;
    try {
      const result = await post(ofCase(about.id, 'decide'), request);
      done(result, outcome(result));
    } catch (error) {
      if (error instanceof Refusal && error.code === 'needs_force') {
        force = true;
        ask(`Is that meant? ${error.message}.`, 'Do it all the same');
      } else {
        confirm.hidden = true;
        reason.focus();
        fail(error);
      }
    } finally {
      yes.disabled = false;
      if (!confirm.hidden) yes.focus();
    }
  });
}

/** What came of it. @param {import('./types.js').Result} result */
function outcome({ case: k, ban, ended, warned, lifted, warning }) {
  const what = k.decision?.do ?? '';
  const lines = [`Case ${k.id}: ${action(what, 0).name.toLowerCase()}${k.decision?.confirmed ? `, confirmed by ${k.decision.confirmed}` : ''}.`];
  if (ban) lines.push(`Banned ${ban.ban.until ? `until ${moment(ban.ban.until)}` : 'for good'} (id ${ban.ban.id}), and ended ${count(ban.ended_sessions, 'session')}.`);
  if (k.state === 'pending') lines.push('Somebody else must confirm it; until then it waits in the queue.');
  if (what === 'warn') lines.push(warned ? 'The visitor was told.' : 'The visitor had left and was not warned.');
  if (what === 'end') lines.push(ended ? 'The session was ended.' : 'The session had ended by itself.');
  if (what === 'lift') lines.push(`${count(lifted?.length ?? 0, 'ban')} ended.`);
  if (warning) lines.push(warning);
  return lines.join('\n');
}
